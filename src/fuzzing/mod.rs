//! The properties that fuzzing checks: one function for each target in `fuzz/fuzz_targets`. Each reads bytes that a
//! peer, MLB, an operator or a damaged disk may have written, and panics where its property does not hold. `cargo test`
//! calls it with the inputs in `fuzz/corpus`, so that a finding stays found. Not an API.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a property that does not hold panics")]

mod documents;
mod frames;
mod mlb;
mod proxies;
mod requests;

pub use self::{
    documents::{acme_cache, configuration, relay, state},
    frames::{http2_frames, http3_fields},
    mlb::mlb,
    proxies::{forwarded, proxy_header},
    requests::{accept, conditions, range, target},
};

use crate::{
    connection::{ConnectionInfo, ListenerKind, TlsSession},
    limits::Limits,
    site::{
        sample,
        service::{Service, ServiceParts},
    },
};
use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use std::{
    net::IpAddr,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

type Property = fn(&[u8]);

pub const TARGETS: [(&str, Property); 13] = [
    ("accept", accept),
    ("acme_cache", acme_cache),
    ("conditions", conditions),
    ("configuration", configuration),
    ("forwarded", forwarded),
    ("http2_frames", http2_frames),
    ("http3_fields", http3_fields),
    ("mlb", mlb),
    ("proxy_header", proxy_header),
    ("range", range),
    ("relay", relay),
    ("state", state),
    ("target", target),
];

/// The service that requests of the targets come to: the routes of visitors, with a small page.
static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    let parts = sample::service_parts(sample::site(&"page ".repeat(500))).unwrap();
    // Every input is a request of the same client.
    let limits = Limits { address_rate: u32::MAX, address_burst: u32::MAX, ..Limits::default() };
    Service::new(ServiceParts { limits, ..parts })
});

/// A connection from 192.0.2.1.
fn connection(tls: Option<TlsSession>) -> ConnectionInfo {
    let peer = IpAddr::from([192, 0, 2, 1]).into();
    ConnectionInfo { tls: tls.map(Box::new), ..ConnectionInfo::new(ListenerKind::Https, peer) }
}

/// The fields in these lines. A line that is no field is skipped.
fn fields(lines: &[u8]) -> HeaderMap {
    let field = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
    };
    let mut fields = HeaderMap::new();
    for (name, value) in lines.split(|byte| *byte == b'\n').filter_map(field) {
        fields.append(name, value);
    }
    fields
}

/// The first line, without its end, and the rest.
fn first_line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, &[]),
    }
}

/// The result of a future that waits for nothing; none if it waits.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match Box::pin(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    fn names(dir: &Path) -> BTreeSet<String> {
        let name = |path: std::path::PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
        fs::read_dir(dir).unwrap().map(|entry| name(entry.unwrap().path())).collect()
    }

    #[test]
    fn every_target_has_a_program_and_a_corpus() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        let manifest = fs::read_to_string(dir.join("Cargo.toml")).unwrap();
        let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names(&dir.join("fuzz_targets")), targets);
        assert_eq!(names(&dir.join("corpus")), targets);
        for name in targets {
            assert!(manifest.contains(&format!("\nname = \"{name}\"\n")), "{name}");
        }
    }

    #[test]
    fn every_input_of_the_corpus_has_the_property_of_its_target() {
        for (name, property) in TARGETS {
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                // Shown if the property does not hold.
                println!("{}", path.display());
                property(&fs::read(path).unwrap());
            }
        }
    }
}

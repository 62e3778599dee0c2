//! The values of settings, read from text. An error says what is wrong and what to write instead.

use crate::{
    bounded_file,
    clock::YEARS,
    config::{
        mistake::{InvalidValue, reading_hint},
        settings::quoted,
    },
    http::access_log::LogDestination,
    mlb::Token,
    net::{listen::Address, outgoing::OutgoingProxy},
    sandbox::User,
    web::trusted_proxies::TrustedPeers,
};
use hyper::Uri;
use ipnet::IpNet;
use rustls_acme::acme::LETS_ENCRYPT_PRODUCTION_DIRECTORY;
use std::{net::IpAddr, path::PathBuf, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::level_filters::LevelFilter;

/// Maximum bytes of a Unix socket's path: `sun_path` in unix(7) has 108, with the final zero byte.
const SOCKET_PATH_CAP: usize = 107;
/// A year in seconds.
const YEAR: u64 = 365 * 24 * 60 * 60;
/// Maximum bytes of a file with one line: a token, a URL.
pub(crate) const LINE_CAP: u64 = 4096;

pub(crate) fn path(text: &str) -> Result<PathBuf, InvalidValue> {
    if text.is_empty() {
        return Err(InvalidValue::new("it is empty", "write a path"));
    }
    Ok(PathBuf::from(text))
}

pub(super) fn id(text: &str) -> Result<u32, InvalidValue> {
    let hint = "write the number from the address of his or its page, as in mlb.com/player/665487";
    match text.parse() {
        Ok(0) | Err(_) => Err(InvalidValue::new(format!("{text:?} is no id"), hint)),
        Ok(id) => Ok(id),
    }
}

/// Addresses separated by commas; `off` is an empty list.
pub(super) fn addresses(
    text: &str,
    kind: fn(Address) -> Result<Address, InvalidValue>,
) -> Result<Vec<Address>, InvalidValue> {
    match text {
        "off" => Ok(Vec::new()),
        _ => text.split(',').map(|text| address(text.trim()).and_then(kind)).collect(),
    }
}

/// `ADDRESS:PORT`, `localhost:PORT`, `:PORT` for every address of the machine, or `unix:/PATH`.
fn address(text: &str) -> Result<Address, InvalidValue> {
    if let Some(path) = text.strip_prefix("unix:") {
        return unix(path);
    }
    let spelled_out = match text.split_once(':') {
        Some(("", port)) => format!("[::]:{port}"),
        Some(("localhost", port)) => format!("127.0.0.1:{port}"),
        _ => text.to_owned(),
    };
    spelled_out.parse().map(Address::Tcp).map_err(|_| {
        let port = text.parse::<u16>().map_or("8080".into(), |port| port.to_string());
        let hint = format!(
            "write an address and a port like \"127.0.0.1:{port}\", \":{port}\" for every address of this machine, or \"off\""
        );
        InvalidValue::new(format!("{text:?} is no address to listen on"), hint)
    })
}

fn unix(path: &str) -> Result<Address, InvalidValue> {
    match path.starts_with('/') && !path.ends_with('/') && path.len() <= SOCKET_PATH_CAP {
        true => Ok(Address::Unix(path.into())),
        false => Err(InvalidValue::new(
            format!("{path:?} is no place for a socket"),
            format!(
                "write a path from the root, like \"unix:/run/e6/e6.sock\", of at most {SOCKET_PATH_CAP} bytes"
            ),
        )),
    }
}

pub(super) fn over_tls(address: Address) -> Result<Address, InvalidValue> {
    match address {
        Address::Unix(_) => Err(InvalidValue::new(
            format!("{address} is on this machine, where nobody needs TLS"),
            "write it for listen.http",
        )),
        tcp => Ok(tcp),
    }
}

pub(super) fn mode(text: &str) -> Result<u32, InvalidValue> {
    match u32::from_str_radix(text, 8) {
        Ok(mode @ 0..=0o777) => Ok(mode),
        _ => Err(InvalidValue::new(
            format!("{text:?} is no mode of a file"),
            "write three digits as for chmod, like \"0660\" (owner and group) or \"0666\" (everyone)",
        )),
    }
}

pub(super) fn url(text: &str) -> Result<String, InvalidValue> {
    let valid = text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    match valid && !has_user(text) {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(InvalidValue::new(
            format!("{} is no base URL", named(text)),
            "write one like \"https://statsapi.mlb.com\"",
        )),
    }
}

/// Whether a URL has a user, and perhaps a password. Only the settings of proxies may have one.
fn has_user(url: &str) -> bool {
    url.contains('@')
}

/// A URL in a message, which shows no password.
fn named(url: &str) -> String {
    if has_user(url) { "a URL with a user or a password".into() } else { format!("{url:?}") }
}

pub(super) fn mlb_proxy(text: &str) -> Result<OutgoingProxy, InvalidValue> {
    OutgoingProxy::parse(text.trim()).map_err(|what| {
        InvalidValue::new(what, "write one like \"http://proxy.example:3128\" or \"socks5://127.0.0.1:1080\"; https and socks5h are known too")
    })
}

/// A base URL without a path, because the site is always at the root.
pub(super) fn origin(text: &str) -> Result<String, InvalidValue> {
    let hint = "write where the site is, like \"https://example.org\"";
    let url = url(text).map_err(|wrong| InvalidValue::new(wrong.what, hint))?;
    let uri: Uri = url.parse().map_err(|_| InvalidValue::new(format!("{text:?} is no base URL"), hint))?;
    if uri.path() == "/" {
        Ok(url)
    } else {
        Err(InvalidValue::new(format!("{text:?} is more than an address"), hint))
    }
}

/// The addresses as the file has them.
pub(super) fn listeners(addresses: &[Address]) -> String {
    match addresses {
        [] => quoted("off"),
        [one] => quoted(one),
        several => format!("{:?}", several.iter().map(Address::to_string).collect::<Vec<_>>()),
    }
}

/// Networks, addresses and `unix`, separated by commas; `none` is an empty list.
pub(super) fn trusted(text: &str) -> Result<TrustedPeers, InvalidValue> {
    let mut peers = TrustedPeers::default();
    for name in text.split(',').map(str::trim).filter(|_| text != "none") {
        match name {
            "unix" => peers.unix = true,
            _ => peers.networks.push(network(name)?),
        }
    }
    Ok(peers)
}

fn network(text: &str) -> Result<IpNet, InvalidValue> {
    let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let network = text.parse::<IpNet>().ok().or_else(alone).filter(|network| match network {
        // Peers with an IPv4-mapped address are compared as IPv4, so such a network would never match.
        IpNet::V6(network) => network.addr().to_ipv4_mapped().is_none(),
        IpNet::V4(_) => true,
    });
    network.map(|network| network.trunc()).ok_or_else(|| {
        InvalidValue::new(
            format!("{text:?} is no network"),
            "write networks and addresses like \"10.0.0.0/8, 2001:db8::1\", \"unix\" for Unix sockets, or \"none\"",
        )
    })
}

pub(super) fn trusted_names(peers: &TrustedPeers) -> String {
    let networks = peers.networks.iter().map(IpNet::to_string);
    let names: Vec<_> = networks.chain(peers.unix.then(|| "unix".to_owned())).collect();
    if names.is_empty() { quoted("none") } else { format!("{names:?}") }
}

pub(super) fn email(text: &str) -> Result<String, InvalidValue> {
    let valid = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    match valid && text.chars().all(|c| c.is_ascii_graphic() && c != ',') {
        true => Ok(text.to_owned()),
        false => {
            Err(InvalidValue::new(format!("{text:?} is no address"), "write one like \"you@example.org\""))
        }
    }
}

/// The URL of an ACME directory, with TLS unless it is on this machine.
pub(super) fn acme_directory(text: &str) -> Result<String, InvalidValue> {
    let uri = text.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let valid = match uri.as_ref().and_then(Uri::scheme_str) {
        Some("https") => !host.is_empty(),
        Some("http") => ["localhost", "127.0.0.1", "[::1]"].contains(&host),
        _ => false,
    };
    match valid && !has_user(text) {
        true => Ok(text.to_owned()),
        false => Err(InvalidValue::new(
            format!("{} is no ACME directory", named(text)),
            format!("write its URL, like {LETS_ENCRYPT_PRODUCTION_DIRECTORY:?}"),
        )),
    }
}

/// DNS names as a client sends them: lower-case, ASCII, at least one, separated by commas.
pub(super) fn domains(text: &str) -> Result<Vec<String>, InvalidValue> {
    let mut names = Vec::new();
    for name in text.split(',').map(|name| name.trim().to_ascii_lowercase()) {
        let valid = rustls::pki_types::DnsName::try_from(name.as_str()).is_ok() && !name.ends_with('.');
        if !valid || name.parse::<IpAddr>().is_ok() {
            return Err(InvalidValue::new(
                format!("{name:?} is no domain name"),
                "write names like \"example.org, www.example.org\", in ASCII (xn--…), without port or *",
            ));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

pub(super) fn max_age(text: &str) -> Result<Duration, InvalidValue> {
    seconds(text, YEAR, "a year", "write one like 86400 (a day), or 0 to make browsers forget it")
}

pub(super) fn hsts(text: &str) -> Result<Duration, InvalidValue> {
    seconds(text, 2 * YEAR, "two years", "write 300 at first, 31536000 once all is well, or 0 for none")
}

/// Seconds, up to a limit with this name.
fn seconds(text: &str, limit: u64, name: &str, hint: &str) -> Result<Duration, InvalidValue> {
    let seconds = text.parse::<u64>().ok().filter(|seconds| *seconds <= limit);
    let what = || format!("{text:?} is no number of seconds up to {name}");
    seconds.map(Duration::from_secs).ok_or_else(|| InvalidValue::new(what(), hint))
}

pub(super) fn token(text: &str) -> Result<Token, InvalidValue> {
    let file = path(text)?;
    let hint = format!("write one: head -c 24 /dev/urandom | base64 > {}", file.display());
    let read = bounded_file::read_text(&file, LINE_CAP).map_err(|error| {
        let hint = reading_hint(&file, &error, &*hint);
        InvalidValue::new(format!("cannot read the token in {text:?} ({error})"), hint)
    })?;
    Token::new(&read, file).map_err(|what| InvalidValue::new(format!("{what} ({text:?})"), &*hint))
}

pub(super) fn user(name: &str) -> Result<User, InvalidValue> {
    match User::named(name) {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(InvalidValue::new(
            format!("this machine has no user {name:?}"),
            format!("make one: useradd --system --shell /usr/sbin/nologin {name}"),
        )),
        Err(error) => Err(InvalidValue::new(
            format!("cannot look the user {name:?} up ({error})"),
            "see /etc/passwd and /etc/nsswitch.conf",
        )),
    }
}

pub(super) fn directory(text: &str) -> Result<PathBuf, InvalidValue> {
    let dir = path(text)?;
    match dir.is_dir() {
        true => Ok(dir),
        false => {
            Err(InvalidValue::new(format!("{text:?} is no directory"), "name one laid out like assets/"))
        }
    }
}

pub(super) fn instant(text: &str) -> Result<OffsetDateTime, InvalidValue> {
    // Further away, a sum of a time and a season could be out of range.
    let at = OffsetDateTime::parse(text, &Rfc3339).ok().filter(|at| YEARS.contains(&at.year()));
    at.ok_or_else(|| {
        let what = format!("{text:?} is no time from 1900 to 2999");
        InvalidValue::new(what, "write one like 2023-08-10T01:40:00Z")
    })
}

pub(super) fn access_log(text: &str) -> Result<Option<LogDestination>, InvalidValue> {
    match text {
        "off" => Ok(None),
        "stdout" => Ok(Some(LogDestination::Stdout)),
        _ => path(text).map(|path| Some(LogDestination::File(path))),
    }
}

pub(super) fn log_level(text: &str) -> Result<LevelFilter, InvalidValue> {
    text.parse().map_err(|_| {
        InvalidValue::new(
            format!("{text:?} is no log level"),
            "write \"error\", \"warn\", \"info\", \"debug\" or \"trace\"",
        )
    })
}

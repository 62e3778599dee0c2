//! Content codings (RFC 9110 §8.4). Also part of the build script, which encodes the assets: nothing here may need the
//! rest of the crate.

use std::{
    io::{self, Write},
    path::Path,
};

/// A content coding. The order is ours for clients without a preference, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coding {
    /// The bytes unchanged.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// RFC 7932.
    Brotli,
}

impl Coding {
    /// All codings, in that order.
    pub const ALL: [Coding; 4] = [Coding::Identity, Coding::Gzip, Coding::Zstd, Coding::Brotli];

    /// Its name in Accept-Encoding and Content-Encoding.
    pub const fn token(self) -> &'static str {
        match self {
            Coding::Identity => "identity",
            Coding::Gzip => "gzip",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
        }
    }

    /// The entity tag of this coding of some content: strong, so each coding has its own (RFC 9110 §8.8.3.3).
    pub fn tag(self, content: &str) -> String {
        match self {
            Coding::Identity => content.to_owned(),
            coding => format!("{content}-{}", coding.token()),
        }
    }
}

/// A file's media type by its name, with charset for text.
pub fn media_type(path: &Path) -> String {
    let media_type = mime_guess::from_path(path).first_or_octet_stream();
    if media_type.type_() == "text" { format!("{media_type}; charset=utf-8") } else { media_type.to_string() }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// No coding but identity, for pages that are soon replaced by the same pages in all codings.
    None,
    /// A few milliseconds a page, for pages that are made while serving, each time the answer changes.
    Fast,
    /// The smallest result, however slow, for assets, which are encoded once, when the binary is built.
    Best,
}

/// The greatest size of a variant, as a fraction of the original: one that saves less than 5 % is not worth a cache
/// entry of its own.
const WORTH_IT: (usize, usize) = (19, 20);

/// The bytes in every coding that saves enough; identity first.
pub fn variants(bytes: &[u8], media_type: &str, effort: Effort) -> Vec<(Coding, Vec<u8>)> {
    let mut variants = vec![(Coding::Identity, bytes.to_vec())];
    if effort == Effort::None || !is_compressible(media_type) {
        return variants;
    }
    for coding in [Coding::Brotli, Coding::Zstd, Coding::Gzip] {
        // Encoding into memory does not fail; if it did, the identity variant would be served.
        if let Ok(encoded) = encode(bytes, coding, effort)
            && encoded.len() * WORTH_IT.1 < bytes.len() * WORTH_IT.0
        {
            variants.push((coding, encoded));
        }
    }
    variants
}

/// The bytes in one coding.
pub fn encode(bytes: &[u8], coding: Coding, effort: Effort) -> io::Result<Vec<u8>> {
    let best = effort == Effort::Best;
    match coding {
        Coding::Identity => Ok(bytes.to_vec()),
        Coding::Gzip => {
            let level = flate2::Compression::new(if best { 9 } else { 6 });
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes)?;
            encoder.finish()
        }
        Coding::Brotli => {
            let params = brotli::enc::BrotliEncoderParams {
                quality: if best { 11 } else { 5 },
                lgwin: window(bytes.len()),
                size_hint: bytes.len(),
                ..Default::default()
            };
            let mut encoded = Vec::new();
            brotli::BrotliCompress(&mut &bytes[..], &mut encoded, &params)?;
            Ok(encoded)
        }
        Coding::Zstd => zstd::bulk::compress(bytes, if best { 19 } else { 3 }),
    }
}

/// The binary logarithm of Brotli's window for content of this length (RFC 7932 §9.1). The encoder reserves and clears
/// twice the window: 8 MB for a page, unless it is told the length.
fn window(length: usize) -> i32 {
    const MARGIN: usize = 16;
    /// The smallest window for which the crate does not take a hash table of 32 MB.
    const SMALLEST: u32 = 17;
    (length + MARGIN).next_power_of_two().ilog2().clamp(SMALLEST, 22) as i32
}

/// Images and fonts other than SVG are compressed already.
pub fn is_compressible(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.starts_with("text/")
        || ["json", "javascript", "xml", "image/x-icon"].iter().any(|kind| essence.ends_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_has_a_window_for_the_content_and_no_smaller_one_than_the_crate_has_a_table_for() {
        for (length, expected) in
            [(0, 17), (3_000, 17), (131_056, 17), (131_057, 18), (1_000_000, 20), (9_000_000, 22)]
        {
            assert_eq!(window(length), expected, "{length}");
        }
    }

    #[test]
    fn content_of_every_length_is_decoded_again() {
        for length in [0, 1, 3_000, 65_519, 65_537, 131_056, 131_057, 300_000] {
            let text: Vec<u8> =
                (0..length).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 29) as u8).collect();
            let encoded = encode(&text, Coding::Brotli, Effort::Fast).unwrap();
            let mut decoded = Vec::new();
            brotli::BrotliDecompress(&mut &encoded[..], &mut decoded).unwrap();
            assert_eq!(decoded, text, "{length}");
            let encoded = encode(&text, Coding::Zstd, Effort::Fast).unwrap();
            assert_eq!(zstd::decode_all(&encoded[..]).unwrap(), text, "{length}");
        }
    }
}

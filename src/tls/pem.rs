//! PEM as OpenSSL reads it: a byte order mark, text around the blocks and spaces at the ends of lines are ignored.

use rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{Error, PemObject},
};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// Every certificate, in the order of the file.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    CertificateDer::pem_slice_iter(&blocks(pem)).collect()
}

/// The first private key: PKCS#8, PKCS#1 or SEC1.
pub(crate) fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    let blocks = blocks(pem);
    let is_encrypted = |text: &[u8]| blocks.windows(text.len()).any(|window| window == text);
    if is_encrypted(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || is_encrypted(b"Proc-Type: 4,ENCRYPTED") {
        return Err("the key is encrypted with a passphrase: decrypt it with openssl pkey".into());
    }
    PrivateKeyDer::from_pem_slice(&blocks)
        .map_err(|error| format!("the key is no PEM of PKCS#8, PKCS#1 or SEC1: {error}"))
}

/// Only the lines from each BEGIN to its END, without spaces at their ends.
fn blocks(pem: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(pem.len());
    let mut is_inside = false;
    for line in pem.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii_end();
        let is_mark = |mark| line.starts_with(mark) && line.ends_with(DASHES);
        is_inside |= is_mark(BEGIN);
        if !is_inside {
            continue;
        }
        // An old label of certificates.
        match line {
            b"-----BEGIN X509 CERTIFICATE-----" => blocks.extend_from_slice(b"-----BEGIN CERTIFICATE-----"),
            b"-----END X509 CERTIFICATE-----" => blocks.extend_from_slice(b"-----END CERTIFICATE-----"),
            _ => blocks.extend_from_slice(line),
        }
        blocks.push(b'\n');
        is_inside = !is_mark(END);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::certificate::SelfSignedPem;

    fn pair() -> SelfSignedPem {
        SelfSignedPem::fresh(&["example.org".into()], time::Duration::days(9)).unwrap()
    }

    #[test]
    fn marks_text_and_spaces_around_the_blocks_are_ignored() {
        let SelfSignedPem { chain, key } = pair();
        let plain = certificates(chain.as_bytes()).unwrap();
        assert_eq!(plain.len(), 1);
        let attributes = "Bag Attributes\n    friendlyName: e6\nsubject=CN = example.org\n";
        for text in [
            format!("\u{feff}{chain}"),
            format!("{attributes}{chain}"),
            format!("\u{feff}{attributes}{chain}some more\n"),
            chain.replace('\n', "\r\n"),
            chain.replace('\n', " \t\n"),
            chain.trim_end().to_owned(),
            format!("-----BEGIN of what is below\n{chain}"),
            chain.replace("CERTIFICATE", "X509 CERTIFICATE"),
        ] {
            assert_eq!(certificates(text.as_bytes()).unwrap(), plain, "{text}");
        }
        let twice = format!("{attributes}\u{feff}{chain}# the next one\n\u{feff}{chain}");
        assert_eq!(certificates(twice.as_bytes()).unwrap().len(), 2);
        let not_text = [b"\xff\xfe\n", chain.as_bytes()].concat();
        assert_eq!(certificates(&not_text).unwrap(), plain);
        for text in [format!("\u{feff}{key}"), format!("Key Attributes: <No Attributes>\n{key}")] {
            assert_eq!(private_key(text.as_bytes()).unwrap(), private_key(key.as_bytes()).unwrap());
        }
    }

    #[test]
    fn a_damaged_block_and_a_key_with_a_passphrase_are_named() {
        let SelfSignedPem { chain, key } = pair();
        assert!(certificates(chain.replace("-----END CERTIFICATE-----", "").as_bytes()).is_err());
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert!(private_key(encrypted.as_bytes()).unwrap_err().contains("passphrase"));
        assert!(private_key(chain.as_bytes()).unwrap_err().contains("no PEM of"));
    }
}

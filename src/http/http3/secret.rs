//! The secret of the QUIC endpoints. It is kept across restarts, so that a restarted server can reset the connections
//! of the one before at once (RFC 9000 §10.3): their clients would otherwise wait for a timeout.

use crate::{
    atomic_file,
    bounded_file::{self, SMALL},
};
use aws_lc_rs::{hkdf, hmac};
use sha2::{Digest, Sha256};
use std::{io, path::Path};

/// Its file in the data directory.
const FILE: &str = "quic.key";
/// Only this process's user may read it: whoever knows it can reset connections.
const MODE: u32 = 0o600;
/// Bytes of the secret.
const LENGTH: usize = 32;

/// The secret from which the keys of the endpoints are derived.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct QuicSecret([u8; LENGTH]);

impl QuicSecret {
    /// A new one.
    pub fn fresh() -> io::Result<Self> {
        let mut secret = [0; LENGTH];
        aws_lc_rs::rand::fill(&mut secret).map_err(|_| io::Error::other("the system has no randomness"))?;
        Ok(QuicSecret(secret))
    }

    /// The one that is kept in this directory; a new one is made if there is none.
    pub fn kept(dir: &Path) -> io::Result<Self> {
        let path = dir.join(FILE);
        match bounded_file::read(&path, SMALL) {
            Ok(bytes) => {
                if let Ok(secret) = bytes.try_into() {
                    return Ok(QuicSecret(secret));
                }
                tracing::warn!(path = %path.display(), "the file does not hold a QUIC key; making a new one");
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let secret = QuicSecret::fresh()?;
        atomic_file::replace(&path, &secret.0, MODE)?;
        Ok(secret)
    }

    /// The secret as text, for the next process of an upgrade.
    pub fn to_text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads what [`QuicSecret::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes().as_chunks::<2>().0;
        let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = digits.iter().map(byte).collect();
        Some(QuicSecret(bytes?.try_into().ok()?)).filter(|_| text.len() == 2 * LENGTH)
    }

    /// The key for connection IDs.
    pub fn id_key(&self) -> [u8; LENGTH] {
        self.derive("connection ids")
    }

    /// The key that signs stateless resets.
    pub fn reset_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.derive("stateless resets"))
    }

    /// The key of the tokens in Retry packets.
    pub fn token_key(&self) -> hkdf::Prk {
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&self.derive("retry tokens"))
    }

    fn derive(&self, purpose: &str) -> [u8; LENGTH] {
        Sha256::new().chain_update(self.0).chain_update(purpose).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn a_secret_is_kept_for_this_user_alone_and_a_damaged_one_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        let first = QuicSecret::kept(dir.path()).unwrap();
        assert!(first == QuicSecret::kept(dir.path()).unwrap());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, MODE);
        fs::write(&file, "short").unwrap();
        let second = QuicSecret::kept(dir.path()).unwrap();
        assert!(first != second && second == QuicSecret::kept(dir.path()).unwrap());
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(QuicSecret::kept(dir.path()).is_err());
    }

    #[test]
    fn the_next_process_reads_the_secret_and_nothing_else() {
        let secret = QuicSecret::fresh().unwrap();
        let text = secret.to_text();
        assert!(QuicSecret::parse(&text) == Some(secret));
        for wrong in ["", "00", &text[1..], &format!("{text}00"), &format!("{}zz", &text[2..])] {
            assert!(QuicSecret::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let secret = QuicSecret::fresh().unwrap();
        assert_ne!(secret.derive("connection ids"), secret.derive("retry tokens"));
        assert_ne!(secret.id_key(), QuicSecret::fresh().unwrap().id_key());
    }
}

//! Hashes as text: entity tags, versions, checksums, names.

use sha2::{Digest, Sha256};

/// Bytes of a hash that tell apart all texts that will ever be served (80 bits).
pub const SHORT: usize = 10;

/// The first bytes, at most 32, of the SHA-256 of these bytes, in hexadecimal digits.
pub fn hex(bytes: &[u8], length: usize) -> String {
    Sha256::digest(bytes).iter().take(length).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hash_is_cut_to_its_length() {
        // NIST's example for "abc" (FIPS 180-4).
        assert_eq!(super::hex(b"abc", 4), "ba7816bf");
        assert_eq!(super::hex(b"abc", 32).len(), 64);
    }
}

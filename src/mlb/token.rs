//! The secret that a relay and its clients share.

use sha2::{Digest, Sha256};
use std::{fmt, path::PathBuf};

/// A secret that a relay and its clients share. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
    /// The file that it was read from.
    pub file: PathBuf,
}

impl Token {
    /// The shortest token that is accepted: 16 characters cannot be guessed.
    pub const SHORTEST: usize = 16;

    /// A token from the text of its file.
    ///
    /// # Errors
    /// If it is too short or has characters other than visible ASCII.
    pub fn new(text: &str, file: PathBuf) -> Result<Self, &'static str> {
        let token = text.trim();
        if token.len() < Self::SHORTEST {
            return Err("the token is shorter than 16 characters");
        }
        match token.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Token { text: token.to_owned(), file }),
            false => Err("the token has characters other than visible ASCII"),
        }
    }

    /// The value of the `Authorization` field with this token.
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.text)
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether an `Authorization` field's value has this token, in a time that does not depend on where they differ.
    pub fn authorizes(&self, authorization: &[u8]) -> bool {
        let scheme = authorization.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
        let brought = authorization.get(7..).unwrap_or_default().trim_ascii();
        scheme & (digest(brought) == digest(self.text.as_bytes()))
    }
}

/// Comparing digests does not reveal how much of a guess is right.
fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_accepted() {
        let token = Token::new("  correct-horse-battery\n", PathBuf::new()).unwrap();
        for (brought, is_right) in [
            ("Bearer correct-horse-battery", true),
            ("bearer  correct-horse-battery ", true),
            ("Bearer correct-horse-batter", false),
            ("Bearer correct-horse-battery2", false),
            ("Basic correct-horse-battery", false),
            ("correct-horse-battery", false),
            ("Bearer ", false),
            ("", false),
        ] {
            assert_eq!(token.authorizes(brought.as_bytes()), is_right, "{brought:?}");
        }
        assert!(
            ["short", "has a space in the middle"]
                .iter()
                .all(|text| Token::new(text, PathBuf::new()).is_err())
        );
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}

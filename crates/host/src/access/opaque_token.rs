//! Tokens of sessions and links: 256 random bits, which the store keeps as hashes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::SecretString;

use super::{NoRandomness, random};

/// The bytes of a token. A random token of 256 bits needs no slow hash.
const TOKEN_BYTES: usize = 32;

/// The characters of a token.
const TOKEN_CHARACTERS: usize = 43;

/// The purposes of tokens. The same token has another hash for another purpose.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Session,
    PasswordLink,
    RecoveryCode,
}

impl Purpose {
    const fn context(self) -> &'static str {
        match self {
            Self::Session => "soar-host 2026-11 console session",
            Self::PasswordLink => "soar-host 2026-11 password link",
            Self::RecoveryCode => "soar-host 2026-11 recovery code",
        }
    }

    /// The hash of a token, as the store keeps it.
    pub(crate) fn hash(self, token: &str) -> String {
        STANDARD.encode(blake3::derive_key(self.context(), token.as_bytes()))
    }

    /// The hash of a token. `None` if the text cannot be a token, so that the store need not be asked.
    pub(crate) fn hash_of(self, token: &str) -> Option<String> {
        let is_token = token.len() == TOKEN_CHARACTERS
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        is_token.then(|| self.hash(token))
    }
}

/// A new token.
pub(crate) fn new_token() -> Result<SecretString, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(random::<TOKEN_BYTES>()?.as_slice()).into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_token_is_found_by_its_hash_for_its_purpose_only() {
        let token = new_token().unwrap();
        let token = token.expose_secret();
        let hash = Purpose::Session.hash_of(token).unwrap();
        assert_ne!(Some(hash.clone()), Purpose::PasswordLink.hash_of(token));
        assert!(!hash.contains(token));
        for text in ["", "short", &format!("{token}A"), &token.replace(|_| true, "é"), &format!("{}'", &token[1..])] {
            assert!(Purpose::Session.hash_of(text).is_none(), "{text}");
        }
    }
}

//! Tokens of sessions and links: 256 random bits, stored as hashes, and the CSRF key that is derived from a session.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::SecretString;
use subtle::ConstantTimeEq as _;

use crate::access::{NoRandomness, random};

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

/// The context of the CSRF key. The key does not reveal the token that it is derived from.
const CSRF_CONTEXT: &str = "soar-host 2026-11 console CSRF key";

/// The key of a session against forged forms. Its text is in each form of the session.
#[derive(Clone)]
pub struct CsrfKey([u8; 32]);

impl CsrfKey {
    pub(super) fn of(token: &str) -> Self {
        Self(blake3::derive_key(CSRF_CONTEXT, token.as_bytes()))
    }

    /// The text for the forms of the session.
    #[must_use]
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Whether a form came with the text of this session. The comparison takes constant time.
    #[must_use]
    pub fn accepts(&self, text: &str) -> bool {
        self.text().as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl std::fmt::Debug for CsrfKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CsrfKey")
    }
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

    #[test]
    fn a_csrf_text_is_of_one_session_and_does_not_show_its_token() {
        let (one, other) = (new_token().unwrap(), new_token().unwrap());
        let (key, foreign) = (CsrfKey::of(one.expose_secret()), CsrfKey::of(other.expose_secret()));
        assert!(key.accepts(&key.text()));
        for text in ["", &foreign.text(), one.expose_secret(), &key.text()[1..]] {
            assert!(!key.accepts(text), "{text}");
        }
        assert!(!key.text().contains(one.expose_secret()) && !format!("{key:?}").contains(&key.text()));
    }
}

//! The key against forged forms, which is derived from a session.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

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
    use crate::access::new_token;

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

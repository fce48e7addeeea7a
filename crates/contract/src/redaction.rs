//! Takes secrets out of text that a product sent, before anybody reads it.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};

/// What stands where a secret was.
const MASK: &str = "[redacted]";

/// Shorter secrets are left alone: masking every `a` would only hide the message.
const SHORTEST: usize = 4;

/// Knows the secrets of one session and masks them in text, also where they are URL-encoded or base64.
#[derive(Default)]
pub struct Redactor {
    forms: Vec<SecretString>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Redactor({} forms)", self.forms.len())
    }
}

impl Redactor {
    /// Adds a secret in all the forms in which an answer may echo it.
    pub fn add(&mut self, secret: &SecretString) {
        let plain = secret.expose_secret();
        if plain.len() < SHORTEST {
            return;
        }
        let json = serde_json::Value::String(plain.to_owned()).to_string();
        let mut forms = vec![plain.to_owned(), json.trim_matches('"').to_owned(), percent_encoded(plain)];
        // Only base64 of the secret alone: inside other data its alphabet shifts, and no answer echoes that.
        forms.push(base64(plain.as_bytes()));
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        self.forms.extend(forms.into_iter().map(SecretString::from));
    }

    /// `text` with every known secret masked.
    #[must_use]
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        for form in &self.forms {
            if clean.contains(form.expose_secret()) {
                clean = Cow::Owned(clean.replace(form.expose_secret(), MASK));
            }
        }
        clean
    }
}

fn percent_encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_secret_is_masked() {
        let mut redactor = Redactor::default();
        redactor.add(&SecretString::from("p@ss \"word\""));
        for echoed in [
            "bad password p@ss \"word\" given",
            r#"{"password": "p@ss \"word\""}"#,
            "password=p%40ss%20%22word%22&x=1",
            "Basic cEBzcyAid29yZCI=",
        ] {
            let clean = redactor.clean(echoed);
            assert!(clean.contains(MASK), "{echoed} became {clean}");
            assert!(!clean.contains("word\\\"") && !clean.contains("cEBz"), "{clean}");
        }
    }

    #[test]
    fn text_without_a_secret_is_returned_as_it_is() {
        let mut redactor = Redactor::default();
        redactor.add(&SecretString::from("abc"));
        assert!(matches!(redactor.clean("abcdef"), Cow::Borrowed("abcdef")));
    }
}

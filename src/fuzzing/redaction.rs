//! Redaction: cleaned text holds no secret, whichever form the secret had and whichever other secret stood beside it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use secrecy::SecretString;
use soar_connector::Redactor;

use super::{first_line, halves};

const MASK: &str = "[redacted]";

/// Shorter secrets are left alone.
const SHORTEST: usize = 4;

/// Checks text with secrets: a secret on each line up to an empty one, and the text after it.
pub fn redaction(data: &[u8]) {
    // Longer ones only take longer: every form of every secret is looked for at every place.
    let text = String::from_utf8_lossy(&data[..data.len().min(256)]);
    let (secrets, text) = text.split_once("\n\n").unwrap_or(first_line(&text));
    let secrets: Vec<_> = secrets.split('\n').take(4).collect();
    check(&secrets, text);
}

fn check(secrets: &[&str], text: &str) {
    let mut redactor = Redactor::default();
    secrets.iter().for_each(|secret| redactor.add(&SecretString::from(*secret)));
    let known: Vec<_> = secrets.iter().filter(|secret| secret.len() >= SHORTEST).collect();
    let forms: Vec<_> = known.iter().flat_map(|secret| forms(secret)).collect();
    require_clean(&redactor, &forms, text);
    let (before, after) = halves(text);
    for secret in &known {
        for echo in echoes(secret) {
            require_clean(&redactor, &forms, &format!("{before}{echo}{after}"));
            // Two that touch, and one cut short.
            require_clean(&redactor, &forms, &format!("{echo}{echo}{}", halves(&echo).0));
        }
    }
}

fn require_clean(redactor: &Redactor, forms: &[String], text: &str) {
    let clean = redactor.clean(text);
    for part in clean.split(MASK) {
        let left = forms.iter().find(|form| part.contains(form.as_str()));
        assert_eq!(left, None, "it is left in {part:?} of {text:?}");
    }
    // Text that is no secret stays, in its order.
    let mut rest = text;
    for part in clean.split(MASK) {
        let found = rest.find(part).unwrap_or_else(|| panic!("{part:?} of {clean:?} is not in {text:?}"));
        rest = &rest[found + part.len()..];
    }
}

/// A secret in the forms in which a server may echo it, as other encoders than the redactor's write them.
fn echoes(secret: &str) -> Vec<String> {
    let mut echoes = plain_forms(secret);
    for before in ["", "x", "xy"] {
        let bytes = format!("{before}{secret}z");
        echoes.extend([STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)]);
    }
    echoes
}

/// The part of each echo that must never be seen.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = plain_forms(secret);
    for before in 0..3 {
        let bytes = [&b"xy"[..before], secret.as_bytes(), b"z"].concat();
        let (start, end) = ((before * 8).div_ceil(6), (before + secret.len()) * 8 / 6);
        forms.extend([STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)].map(|text| text[start..end].to_owned()));
    }
    forms
}

fn plain_forms(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let upper: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let ascii: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        upper.to_ascii_lowercase(),
        upper,
        ascii,
    ]
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    fn secret() -> impl Strategy<Value = String> {
        // A small alphabet, so that secrets hold and overlap one another.
        prop_oneof![
            "[ab]{1,8}",
            "[a%+\\\\\"2 5]{1,8}",
            "\\PC{1,20}",
            "[a-zA-Z0-9_-]{10,40}\\.[a-zA-Z0-9_-]{10,40}",
            "\\[redac.{1,8}"
        ]
    }

    proptest! {
        #[test]
        fn no_form_of_any_secret_is_left(
            secrets in prop::collection::vec(secret(), 1..4), text in prop_oneof!["[ab]{0,30}", "(?s).{0,40}", "[a%+\\\\\"2 5]{0,30}"]
        ) {
            check(&secrets.iter().map(String::as_str).collect::<Vec<_>>(), &text);
        }
    }
}

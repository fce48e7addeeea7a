//! Error replies: any text of the server becomes one short line.

use secrecy::SecretString;
use soar_connector::Redactor;

use super::require_one_line;
use crate::vendor::message;

/// The bound of a message, and a full stop.
const LONGEST: usize = 501;

/// Checks an error reply written as its status on the first line and its body after it.
pub fn errors(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let status = std::str::from_utf8(&data[..end]).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(400);
    check(status, data.get(end + 1..).unwrap_or_default());
}

fn check(status: u16, body: &[u8]) {
    let said = message(status, body, &Redactor::default());
    require_one_line(&said, LONGEST);
    assert!(said.ends_with(['.', '!', '?']) && said.contains(char::is_alphanumeric), "{said:?} is no sentence");
    // Masking a secret in the text changes nothing of that.
    let mut redactor = Redactor::default();
    redactor.add(&SecretString::from(said.get(..8).unwrap_or("hunter2")));
    require_one_line(&message(status, body, &redactor), LONGEST);
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn complaint() -> impl Strategy<Value = Value> {
        let text = prop_oneof![any::<String>(), "[\\x00-\\x20\\u{7f}-\\u{a0}\\u{2028}]{0,600}", "(?s).{400,1200}"];
        let leaf = prop_oneof![4 => text.prop_map(Value::from), 1 => any::<i64>().prop_map(Value::from), 1 => Just(Value::Null)];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let name = prop_oneof![
                prop::sample::select(vec!["detail", "message", "error", "non_field_errors"]).prop_map(str::to_owned),
                any::<String>()
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name, inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_complaint_becomes_one_short_line(status: u16, body in complaint()) {
            check(status, body.to_string().as_bytes());
        }

        #[test]
        fn any_bytes_become_one_short_line(status: u16, body: Vec<u8>) {
            check(status, &body);
        }
    }

    #[test]
    fn complaints_nested_without_end_become_one_short_line() {
        for (open, close) in [("[", "]"), ("{\"detail\":", "}")] {
            for (depth, inside) in [(100_000, "\"x\""), (120, "\"x\""), (120, "{}")] {
                check(400, format!("{}{inside}{}", open.repeat(depth), close.repeat(depth)).as_bytes());
            }
        }
        check(400, json!({ "detail": vec!["x"; 100_000] }).to_string().as_bytes());
    }
}

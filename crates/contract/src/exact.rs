//! Reads JSON values without rounding: a number that 64 bits do not hold is its own text.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// Fewer digits than this are exact in every number of 64 bits.
const LONG_NUMBER: usize = 16;

/// How deep lists and objects are followed; what is nested deeper is its own text.
const DEEPEST: usize = 128;

/// Whether a JSON text may hold a number that would be rounded; a long number within a text counts too.
pub(crate) fn may_round(json: &str) -> bool {
    let mut run = 0;
    json.bytes().any(|byte| {
        run = match byte {
            b'0'..=b'9' => run + 1,
            b'.' => run,
            _ => 0,
        };
        run >= LONG_NUMBER
    })
}

/// The value of a JSON text; the text itself where it is no value.
pub(crate) fn exact_value(json: &str) -> Value {
    if may_round(json) {
        return exact(json, DEEPEST);
    }
    serde_json::from_str(json).unwrap_or_else(|_| json.into())
}

fn exact(json: &str, depth: usize) -> Value {
    let value = match json.as_bytes().first() {
        _ if depth == 0 => None,
        Some(b'{') => serde_json::from_str::<BTreeMap<String, &RawValue>>(json)
            .map(|members| {
                members.into_iter().map(|(name, value)| (name, exact(value.get(), depth - 1))).collect::<Value>()
            })
            .ok(),
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(json)
            .map(|items| items.into_iter().map(|item| exact(item.get(), depth - 1)).collect::<Value>())
            .ok(),
        Some(b'-' | b'0'..=b'9') => exact_number(json).map(Value::Number),
        _ => serde_json::from_str(json).ok(),
    };
    value.unwrap_or_else(|| json.into())
}

/// The number with these digits, if 64 bits hold it.
fn exact_number(text: &str) -> Option<Number> {
    let number: Number = serde_json::from_str(text).ok()?;
    (number.is_i64() || number.is_u64() || digits(text) == digits(&number.to_string())).then_some(number)
}

/// The digits that matter in a number, without the zeros before and after them.
fn digits(number: &str) -> String {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_keep_all_their_digits() {
        for (text, value) in [
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("18446744073709551616", json!("18446744073709551616")),
            ("-9223372036854775809", json!("-9223372036854775809")),
            ("123456789012345678901234567890", json!("123456789012345678901234567890")),
            ("0.1234567890123456789", json!("0.1234567890123456789")),
            ("9.800000190734863", json!(9.800_000_190_734_863)),
            ("7.50", json!(7.5)),
            ("1e2", json!(100.0)),
            ("\"12345678901234567890123\"", json!("12345678901234567890123")),
        ] {
            assert_eq!(exact_value(text), value, "{text}");
            let nested = format!(r#"{{"a":[1,{{"b":{text}}}],"c":"x"}}"#);
            assert_eq!(exact_value(&nested), json!({ "a": [1, { "b": value }], "c": "x" }), "{text}");
        }
    }

    #[test]
    fn what_is_nested_without_end_is_its_own_text() {
        let deep = format!("{}12345678901234567890123{}", "[".repeat(10_000), "]".repeat(10_000));
        let mut value = &exact_value(&deep);
        while let Some(inner) = value.get(0) {
            value = inner;
        }
        assert!(value.as_str().is_some_and(|text| text.starts_with('[')));
    }
}

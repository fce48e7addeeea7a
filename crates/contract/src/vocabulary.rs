//! The one vocabulary of tables, CSV, context data and key fields: how a value of the product reads there.
//!
//! The raw data keeps what the product sent.

use jiff::Timestamp;
use serde_json::{Number, Value};

use crate::manifest::ColumnType;

impl ColumnType {
    /// `value` as a column of this type shows it; null where it is of another type.
    pub(crate) fn shown(self, value: &Value, no_value: &[String]) -> Value {
        let value = without_placeholders(value, no_value);
        match (self, &value) {
            (Self::Any, _) | (_, Value::Null) => value,
            (Self::Time, Value::String(text)) => rfc_3339(text).map_or(value, Value::String),
            (Self::Time, _) => value,
            (Self::Number, _) => number(&value).map_or(Value::Null, Value::Number),
            (Self::Word, _) if number(&value).is_some() => Value::Null,
            (Self::Word, _) => value,
            (Self::Boolean, Value::String(text)) => boolean(text).map_or(value, Value::Bool),
            (Self::Boolean, _) => value,
        }
    }
}

/// The value without the texts that stand for "no value" in the product's replies, however deep they stand.
pub(crate) fn without_placeholders(value: &Value, no_value: &[String]) -> Value {
    let inside = |value| without_placeholders(value, no_value);
    match value {
        Value::String(text) if no_value.contains(text) => Value::Null,
        Value::Array(items) => Value::Array(items.iter().map(inside).filter(|item| !item.is_null()).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), inside(value))).collect())
        }
        other => other.clone(),
    }
}

/// A date and time with an offset, in UTC; a text without an offset names no moment, and stays as it is.
fn rfc_3339(text: &str) -> Option<String> {
    text.trim().parse::<Timestamp>().ok().map(|time| time.to_string())
}

/// A number, or text that holds nothing but one.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => serde_json::from_str(text.trim()).ok(),
        _ => None,
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn none() -> Vec<String> {
        vec![String::new(), "None".to_owned()]
    }

    #[test]
    fn times_are_rfc_3339_in_utc_and_what_names_no_moment_stays() {
        for (sent, shown) in [
            ("2018-07-19 01:29:00+00:00", "2018-07-19T01:29:00Z"),
            ("2022-05-18 15:28:09.807554+00:00", "2022-05-18T15:28:09.807554Z"),
            ("2022-05-18T17:28:09+02:00", "2022-05-18T15:28:09Z"),
            ("2025-11-02T10:56:30.000000Z", "2025-11-02T10:56:30Z"),
            ("2022-05-18 15:28:09", "2022-05-18 15:28:09"),
            ("yesterday", "yesterday"),
        ] {
            assert_eq!(ColumnType::Time.shown(&json!(sent), &none()), json!(shown));
        }
        assert_eq!(ColumnType::Time.shown(&json!("None"), &none()), Value::Null);
    }

    #[test]
    fn no_column_mixes_words_and_numbers() {
        for (sent, word, number) in [
            (json!("critical"), json!("critical"), Value::Null),
            (json!(3), Value::Null, json!(3)),
            (json!("3"), Value::Null, json!(3)),
            (json!("None"), Value::Null, Value::Null),
        ] {
            assert_eq!(ColumnType::Word.shown(&sent, &none()), word);
            assert_eq!(ColumnType::Number.shown(&sent, &none()), number);
        }
        assert_eq!(ColumnType::Number.shown(&json!("8.1"), &none()), json!(8.1));
    }

    #[test]
    fn truth_has_one_form() {
        for sent in [json!("True"), json!("true"), json!(true), json!("Yes")] {
            assert_eq!(ColumnType::Boolean.shown(&sent, &none()), json!(true));
        }
        assert_eq!(ColumnType::Boolean.shown(&json!("notApplicable"), &none()), json!("notApplicable"));
    }

    #[test]
    fn placeholders_are_nothing_however_deep_they_stand() {
        assert_eq!(without_placeholders(&json!(["None", 80, ""]), &none()), json!([80]));
        assert_eq!(
            without_placeholders(&json!({"a": "None", "b": {"c": ""}}), &none()),
            json!({"a": null, "b": {"c": null}})
        );
    }
}

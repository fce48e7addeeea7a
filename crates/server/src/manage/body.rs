//! The error about an invalid body. It never contains values of the body, since they may be secrets.

/// The expected form and the position, without the found value.
pub(super) fn without_values(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    let text = text.strip_suffix(&place).unwrap_or(&text);
    // serde's text has the found value first, and then the expected form, which comes from the program.
    let is_about_a_value = text.starts_with("invalid ") || text.starts_with("unknown variant ");
    let said = match text.rsplit_once(", expected ") {
        Some((_, expected)) if is_about_a_value => format!("expected {expected}"),
        _ if is_about_a_value => "a value is not valid there".to_owned(),
        _ => text.to_owned(),
    };
    format!("{said}{place}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "nothing is ever read into it")]
    struct Body {
        active: Option<bool>,
        users: Option<Vec<String>>,
        minutes: Option<i64>,
        role: Option<soar_store::model::Role>,
        parameters: Option<BTreeMap<String, soar_host::connections::GivenValue>>,
    }

    #[test]
    fn no_value_is_repeated_and_what_was_expected_is_said() {
        for (body, said) in [
            (r#"{"active": "canary, expected canary"}"#, "expected a boolean at line 1"),
            (r#"{"users": "canary"}"#, "expected a sequence"),
            (r#"{"users": {"canary": 1}}"#, "expected a sequence"),
            (r#"{"minutes": "canary"}"#, "expected i64"),
            (r#"{"role": "canary"}"#, "expected one of"),
            (r#"{"parameters": "canary"}"#, "expected a map"),
            (r#"{"parameters": {"Password": ["canary"]}}"#, "expected a text, a number"),
            (r#"{"parameters": {"Password": {"reference": "canary:canary"}}}"#, "expected env:NAME"),
            (r#"{"parameters": {"Password": {"secret": "canary"}}}"#, "expected a text, a number"),
            (r#""canary""#, "expected struct Body"),
            (r#"{"active": canary}"#, "expected value"),
            (r#"{"active": "canary"#, "EOF while parsing a string"),
            (r#"{"colour": "canary"}"#, "unknown field `colour`"),
        ] {
            let error = serde_json::from_str::<Body>(body).unwrap_err();
            let text = without_values(&error);
            assert!(text.contains(said) && !text.contains("canary"), "{body}: {text}");
        }
    }
}

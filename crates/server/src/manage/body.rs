//! What is wrong with a body or a query, in words. Values of a body are never repeated, since they may be secrets.

use serde::de::{DeserializeOwned, IgnoredAny};
use soar_connector::name::suggestion;

/// serde's words for the kind of a value that came, and this API's words.
const FOUND: [(&str, &str); 7] = [
    ("null", "null"),
    ("boolean", "a boolean"),
    ("integer", "a number"),
    ("floating point", "a fraction"),
    ("string", "a text"),
    ("sequence", "a list"),
    ("map", "an object"),
];

/// Parses a body.
///
/// # Errors
/// The problem: the field, what was expected, and the kind of what came; or the place of an error in the syntax.
pub(super) fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let error = match serde_path_to_error::deserialize(&mut deserializer) {
        Ok(value) => return deserializer.end().map(|()| value).map_err(|error| error.to_string()),
        Err(error) => error,
    };
    if let Err(syntax) = serde_json::from_slice::<IgnoredAny>(body) {
        return Err(syntax.to_string());
    }
    let path = error.path().to_string();
    let error = error.into_inner();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    Err(problem(if path == "." { "" } else { &path }, text.strip_suffix(&place).unwrap_or(&text)))
}

/// The problem with the field at `path`, from serde's text.
pub(super) fn problem(path: &str, text: &str) -> String {
    let about = |path: &str, said: String| if path.is_empty() { said } else { format!("{path}: {said}") };
    let field_after = |start: &str| {
        let name = text.strip_prefix(start)?.strip_suffix('`')?;
        Some(if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") })
    };
    if let Some((name, valid)) = text.strip_prefix("unknown field `").and_then(|rest| rest.split_once("`, ")) {
        let valid: Vec<_> = valid.split('`').skip(1).step_by(2).collect();
        let near = suggestion(name, valid.iter().copied());
        let valid = if valid.is_empty() { "none".to_owned() } else { valid.join(", ") };
        let object = path.strip_suffix(name).unwrap_or_default().trim_end_matches('.');
        return about(object, format!("unknown field `{name}`.{near} Valid: {valid}"));
    }
    if let Some(field) = field_after("missing field `") {
        return format!("{field} is required");
    }
    if let Some(field) = field_after("duplicate field `") {
        return format!("{field} is given twice");
    }
    about(path, without_value(text))
}

/// What was expected, and the kind of what came. serde's text has the value first, and then the expected form, which comes
/// from the program.
fn without_value(text: &str) -> String {
    let is_about_a_value = text.starts_with("invalid ") || text.starts_with("unknown variant ");
    match (text, text.rsplit_once(", expected ")) {
        (
            "invalid digit found in string"
            | "cannot parse integer from empty string"
            | "number too large to fit in target type"
            | "number too small to fit in target type",
            _,
        ) => "expected a whole number".to_owned(),
        ("provided string was not `true` or `false`", _) => "expected true or false".to_owned(),
        // What serde_json says where a word of a list was expected.
        ("expected value", _) => "expected a text".to_owned(),
        (_, Some((came, expected))) if is_about_a_value => {
            let kind = came.strip_prefix("invalid type: ");
            let found = kind.and_then(|kind| FOUND.iter().find(|(start, _)| kind.starts_with(start)));
            let found = found.map(|(_, words)| format!(", found {words}")).unwrap_or_default();
            format!("expected {}{found}", in_words(expected))
        }
        _ if is_about_a_value => "the value is not valid".to_owned(),
        _ => text.to_owned(),
    }
}

/// What serde expected, such as `i64`, in words.
pub(super) fn in_words(expected: &str) -> String {
    let words = match expected {
        "a string" | "a borrowed string" => "a text",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => return other.replace('`', ""),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "nothing is ever read into it")]
    struct SampleBody {
        name: String,
        active: Option<bool>,
        users: Option<Vec<String>>,
        minutes: Option<i64>,
        role: Option<soar_store::model::Role>,
        parameters: Option<BTreeMap<String, soar_host::connections::GivenValue>>,
    }

    #[test]
    fn the_field_is_named_and_what_was_expected_and_no_value_is_repeated() {
        for (body, said) in [
            (r#"{"active": "canary, expected canary"}"#, "active: expected a boolean, found a text"),
            (r#"{"users": "canary"}"#, "users: expected a list, found a text"),
            (r#"{"users": {"canary": 1}}"#, "users: expected a list, found an object"),
            (r#"{"users": ["canary", 5]}"#, "users[1]: expected a text, found a number"),
            (r#"{"minutes": "canary"}"#, "minutes: expected a whole number, found a text"),
            (r#"{"minutes": 1.5}"#, "minutes: expected a whole number, found a fraction"),
            (r#"{"role": "canary"}"#, "role: expected one of"),
            (r#"{"parameters": "canary"}"#, "parameters: expected an object, found a text"),
            (r#"{"parameters": {"Password": ["canary"]}}"#, "parameters.Password: expected a text, a number"),
            (r#"{"parameters": {"Password": {"reference": "canary:canary"}}}"#, "expected env:NAME"),
            (r#"{"parameters": {"Password": {"secret": "canary"}}}"#, "expected a text, a number"),
            (r#""canary""#, "expected an object, found a text"),
            ("null", "expected an object, found null"),
            ("{}", "name is required"),
            (r#"{"name": "canary", "name": "canary"}"#, "name is given twice"),
            (r#"{"active": canary}"#, "expected value at line 1"),
            (r#"{"active": "canary"#, "EOF while parsing a string"),
            (r#"{"colour": "canary"}"#, "unknown field `colour`. Valid: name, active, users"),
            (r#"{"usres": "canary"}"#, "unknown field `usres`. Did you mean \"users\"?"),
        ] {
            let text = parsed::<SampleBody>(body.as_bytes()).unwrap_err();
            assert!(text.contains(said) && !text.contains("canary"), "{body}: {text}");
        }
    }
}

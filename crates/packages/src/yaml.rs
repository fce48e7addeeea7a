//! YAML in block style. Texts are quoted as JSON, which YAML reads in the same way, but for plain words and versions.

use serde_json::Value;

/// The YAML text of a value.
pub(crate) fn text(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

/// A value that begins on a line of its own.
fn block(value: &Value, indent: usize, text: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                text.push_str(&format!("{margin}{}:", key(name)));
                after(value, indent + 2, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.push_str(&format!("{margin}-"));
                if matches!(item, Value::Object(fields) if !fields.is_empty()) {
                    // The first field stands behind the dash.
                    let mut fields = String::new();
                    block(item, indent + 2, &mut fields);
                    text.push(' ');
                    text.push_str(fields.trim_start());
                } else {
                    after(item, indent + 2, text);
                }
            }
        }
        other => text.push_str(&format!("{margin}{}\n", scalar(other))),
    }
}

/// A value behind a colon or a dash.
fn after(value: &Value, indent: usize, text: &mut String) {
    let is_block = value.as_object().is_some_and(|fields| !fields.is_empty())
        || value.as_array().is_some_and(|items| !items.is_empty());
    if is_block {
        text.push('\n');
        block(value, indent, text);
    } else {
        text.push_str(&format!(" {}\n", scalar(value)));
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_version(text) => text.clone(),
        Value::String(text) => key(text),
        other => other.to_string(),
    }
}

/// A name, quoted unless it is a plain word.
fn key(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && !matches!(
            name.to_ascii_lowercase().as_str(),
            "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
        );
    if is_plain { name.to_owned() } else { Value::from(name).to_string() }
}

/// Whether it is numbers with two dots, which YAML takes for text.
fn is_version(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_lists_and_texts_are_written_as_yaml() {
        let value = json!({ "a": [{ "b": "x: y", "c": [] }, 1, ["z"]], "no": true, "d e": {}, "f": { "g": null, "h": "1.2.3", "i": "No" } });
        assert_eq!(
            text(&value),
            "a:\n  - b: \"x: y\"\n    c: []\n  - 1\n  -\n    - z\n\"d e\": {}\nf:\n  g: null\n  h: 1.2.3\n  i: \"No\"\n\"no\": true\n"
        );
    }
}

//! Python source text.

use serde_json::Value;

/// The literal of a value.
pub(crate) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        // A JSON text is a Python text, but for halves of surrogate pairs, which no manifest has.
        Value::String(_) => value.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), literal(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

/// A dict literal with one entry per line.
pub(crate) fn table(entries: impl IntoIterator<Item = (String, Value)>) -> String {
    let mut text = "{\n".to_owned();
    for (name, value) in entries {
        text.push_str(&format!("    {}: {},\n", Value::from(name), literal(&value)));
    }
    text + "}"
}

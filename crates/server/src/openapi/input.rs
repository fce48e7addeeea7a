//! The JSON Schema of a command's inputs.

use serde_json::{Map, Value, json};
use soar_connector::manifest::{Input, InputType};

/// A text without NUL that is not blank.
pub(super) const FILLED: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";

/// Items separated by commas, none of them blank.
const LISTED: &str = r"^[^,\u0000]*[^,\s\u0000][^,\u0000]*(,[^,\u0000]*[^,\s\u0000][^,\u0000]*)*$";

/// An object with these inputs and no others.
pub(super) fn object(inputs: &[Input]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for input in inputs {
        properties.insert(input.name.clone(), schema(input));
        if input.required {
            required.push(input.name.as_str());
        }
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn schema(input: &Input) -> Value {
    let mut any = match input.kind {
        InputType::Integer => vec![integer(input)],
        InputType::Text => vec![json!({ "type": "string", "pattern": FILLED }), json!({ "type": "number" })],
        InputType::Boolean => vec![
            json!({ "type": "boolean" }),
            json!({ "enum": ["Yes", "No", "yes", "no", "YES", "NO", "True", "False", "true", "false", "TRUE", "FALSE"] }),
        ],
        InputType::Choice => vec![json!({ "enum": input.choices })],
        InputType::List if input.choices.is_empty() => vec![
            json!({
                "type": "array", "minItems": 1,
                "items": { "anyOf": [{ "type": "string", "pattern": FILLED }, { "type": "number" }] },
            }),
            json!({ "type": "string", "pattern": LISTED }),
            json!({ "type": "number" }),
        ],
        InputType::List => vec![
            json!({ "type": "array", "minItems": 1, "items": { "enum": input.choices } }),
            json!({ "enum": input.choices }),
        ],
        InputType::Object => vec![object(&input.fields)],
        InputType::Json => vec![json!({ "type": ["array", "object"] })],
    };
    if !input.required {
        // Forms send these for blank fields.
        any.push(json!({ "type": "null" }));
        any.push(json!({ "type": "string", "maxLength": 0 }));
    }
    json!({ "description": input.description, "examples": [input.example], "anyOf": any })
}

fn integer(input: &Input) -> Value {
    json!({
        "type": "integer",
        "minimum": input.minimum.unwrap_or(i64::MIN),
        "maximum": input.maximum.unwrap_or(i64::MAX),
    })
}

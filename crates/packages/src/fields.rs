//! JSON Schema of inputs and settings.

use serde_json::{Map, Value, json};
use soar_connector::manifest::{Input, InputType, SettingType};

use crate::source::Setting;

/// The schema of one input.
pub(crate) fn schema(input: &Input) -> Value {
    let mut schema = match input.kind {
        InputType::Integer => json!({ "type": "integer" }),
        InputType::Text | InputType::Choice => json!({ "type": "string" }),
        InputType::Boolean => json!({ "type": "boolean" }),
        InputType::List => json!({ "type": "array", "items": { "type": "string" } }),
        InputType::Object => object(&input.fields),
        InputType::Json => json!({}),
    };
    schema["description"] = json!(input.description);
    if let Some(minimum) = input.minimum {
        schema["minimum"] = json!(minimum);
    }
    if let Some(maximum) = input.maximum {
        schema["maximum"] = json!(maximum);
    }
    if !input.choices.is_empty() {
        let place = if input.kind == InputType::List { &mut schema["items"] } else { &mut schema };
        place["enum"] = json!(input.choices);
    }
    schema
}

/// The schema of an object of these inputs.
pub(crate) fn object(inputs: &[Input]) -> Value {
    let properties: Map<_, _> = inputs.iter().map(|input| (input.name.clone(), schema(input))).collect();
    let required: Vec<_> = inputs.iter().filter(|input| input.required).map(|input| &input.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// The schema of a setting.
pub(crate) fn of_setting(setting: &Setting) -> Value {
    let mut schema = match setting.kind {
        SettingType::Boolean => json!({ "type": "boolean" }),
        SettingType::Integer => json!({ "type": "integer" }),
        _ => json!({ "type": "string" }),
    };
    schema["title"] = json!(setting.name);
    schema["description"] = json!(setting.description);
    if !setting.choices.is_empty() {
        schema["enum"] = json!(setting.choices);
    }
    schema
}

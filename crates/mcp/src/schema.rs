//! The input schemas of tools. They are short: names, types and choices. The tool describe-command has the rest.

use serde_json::{Map, Value, json};
use soar_connector::Command;
use soar_connector::manifest::{Effect, Input, InputType};
use soar_connector::name::normalised;

use crate::arguments::{OWN, inputs, takes};

/// The schema of the arguments of a command's tool.
pub(crate) fn of_command(command: &Command, tenant_input: Option<&str>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = vec!["connection".to_owned(), "site".to_owned()];
    let text = || json!({"type": "string"});
    properties.insert("connection".to_owned(), text());
    properties.insert("site".to_owned(), text());
    if takes(command, tenant_input) {
        properties.insert("tenant".to_owned(), json!({"type": ["integer", "string"]}));
        required.push("tenant".to_owned());
    }
    properties.insert("budget".to_owned(), json!({"type": "integer"}));
    properties.insert("cursor".to_owned(), text());
    if command.effect == Effect::Write {
        properties.insert("plan".to_owned(), text());
    }
    for input in inputs(command, tenant_input) {
        let name = normalised(&input.name);
        if input.required {
            required.push(name.clone());
        }
        properties.insert(name, of_input(input));
    }
    object(properties, required)
}

/// An object of exactly these members.
pub(crate) fn object(properties: Map<String, Value>, required: Vec<String>) -> Map<String, Value> {
    let mut schema =
        Map::from_iter([("type".to_owned(), "object".into()), ("properties".to_owned(), properties.into())]);
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

fn of_input(input: &Input) -> Value {
    match input.kind {
        InputType::Integer => json!({"type": "integer"}),
        InputType::Text => json!({"type": "string"}),
        InputType::Boolean => json!({"type": "boolean"}),
        InputType::Choice => json!({"enum": input.choices}),
        InputType::List if input.choices.is_empty() => json!({"type": "array", "items": {"type": "string"}}),
        InputType::List => json!({"type": "array", "items": {"enum": input.choices}}),
        InputType::Object => {
            let field = |field: &Input| (field.name.clone(), of_input(field));
            json!({"type": "object", "properties": input.fields.iter().map(field).collect::<Map<_, _>>()})
        }
        InputType::Json => json!({"type": ["array", "object"]}),
    }
}

/// The tenant's explanation, for the instructions.
pub(crate) fn tenant_text(tenant_input: &str) -> String {
    format!("tenant is the {tenant_input}, or \"{OWN}\" for the tenant of the connection's account.")
}

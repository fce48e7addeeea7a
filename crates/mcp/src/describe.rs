//! The description of a command from its manifest.

use serde_json::{Map, Value, json};
use soar_connector::manifest::Input;
use soar_connector::name::normalised;

use crate::arguments;
use crate::tools::Offered;

/// The description of a command.
pub(crate) fn describe(offered: &Offered) -> Value {
    let Offered { command, manifest } = offered;
    let columns: Vec<_> = command.columns.iter().map(|column| column.name.as_str()).collect();
    let key_fields: Vec<_> = command.key_fields.iter().map(|field| field.name.as_str()).collect();
    let errors = command
        .errors
        .iter()
        .chain(manifest.connector.shared_errors.iter().filter(|entry| command.ends_in.contains(&entry.code)));
    let errors: Vec<_> =
        errors.map(|entry| json!({"code": entry.code, "cause": entry.cause, "cure": entry.cure})).collect();
    json!({
        "command": command.name,
        "description": command.description,
        "notes": command.notes,
        "effect": command.effect,
        "permissions": command.permissions,
        "parameters": arguments::inputs(command, offered.tenant_input())
            .map(|input| parameter(input, normalised(&input.name))).collect::<Vec<_>>(),
        "contextData": columns,
        "keyFields": key_fields,
        "errors": errors,
    })
}

fn parameter(input: &Input, name: String) -> Value {
    let mut described = Map::from_iter([
        ("name".to_owned(), name.into()),
        ("expects".to_owned(), input.expectation().into()),
        ("description".to_owned(), input.description.clone().into()),
        ("example".to_owned(), input.example.clone()),
    ]);
    if input.required {
        described.insert("required".to_owned(), true.into());
    }
    if !input.fields.is_empty() {
        let fields: Vec<_> = input.fields.iter().map(|field| parameter(field, field.name.clone())).collect();
        described.insert("fields".to_owned(), fields.into());
    }
    described.into()
}

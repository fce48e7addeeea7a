//! The operations of the Command API.

use serde_json::{Map, Value, json};

use super::input::{self, FILLED};
use super::shared::{ONCE, WITH_BODY, idempotency_key, responses};
use soar_host::commands::CommandRegistry;
use soar_host::settings::HostSettings;

pub(super) fn describe(settings: &HostSettings, commands: &CommandRegistry, paths: &mut Map<String, Value>) {
    let mut others = vec![
        ("404", "There is no such command."),
        ("409", "The first call under the Idempotency-Key still runs."),
        ONCE,
    ];
    others.extend(WITH_BODY);
    for command in commands.all() {
        let manifest = &command.manifest;
        // The connection that a call names decides whose inputs it takes.
        let parameters = match command.namesakes.as_slice() {
            [] => input::object(&manifest.inputs),
            _ => json!({ "anyOf": command.manifests().map(|one| input::object(&one.inputs)).collect::<Vec<_>>() }),
        };
        let needs_parameters = command.manifests().all(|one| one.inputs.iter().any(|input| input.required));
        let mut required = vec!["Username", "Site"];
        let parameters = if needs_parameters {
            required.push("CommandParams");
            parameters
        } else {
            json!({ "anyOf": [parameters, { "type": "null" }] })
        };
        let example: Map<_, _> =
            manifest.inputs.iter().map(|input| (input.name.clone(), input.example.clone())).collect();
        let name = json!({ "type": "string", "pattern": FILLED });
        let described = |text: &str| {
            let mut schema = name.clone();
            schema["description"] = json!(text);
            schema
        };
        let answer = json!({ "$ref": "#/components/schemas/Answer" });
        let operation = json!({
            "operationId": &*command.endpoint,
            "tags": [if command.is_utility() { "Utility commands" } else { "Integration commands" }],
            "summary": manifest.name,
            "description": command.manifests().flat_map(|one| std::iter::once(&one.description).chain(&one.notes))
                .cloned().collect::<Vec<_>>().join(" "),
            "security": [{ "d3key": [] }, { "d3jwt": [] }],
            "parameters": [idempotency_key()],
            "requestBody": {
                "required": true,
                "content": { "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "Username": described("Who runs the command: the key's owner, or a user it is for."),
                            "Site": described("The site on which it runs."),
                            "CommandParams": parameters,
                        },
                        "required": required,
                    },
                    "example": {
                        "Username": "Admin", "Site": "Security Operations", "CommandParams": example,
                    },
                } },
            },
            "responses": responses(
                "200",
                "The command ended. Where it was refused or failed, error says why.",
                &answer,
                &others,
            ),
        });
        paths.insert(format!("{}/api/Command/{}", settings.prefix(), command.endpoint), json!({ "post": operation }));
    }
}

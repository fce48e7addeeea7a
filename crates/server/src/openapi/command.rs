//! The operations of the Command API.

use serde_json::{Map, Value, json};

use super::input::{self, FILLED};
use super::shared::{ONCE, WITH_BODY, idempotency_key, responses};
use soar_host::commands::{CommandRegistry, CommandRunner, Registered};
use soar_host::settings::HostSettings;

pub(super) fn describe(settings: &HostSettings, commands: &CommandRegistry, paths: &mut Map<String, Value>) {
    let mut others = vec![
        ("404", "The command does not exist."),
        ("409", "The first call under the Idempotency-Key still runs."),
        ONCE,
    ];
    others.extend(WITH_BODY);
    for command in commands.all() {
        let manifest = &command.manifest;
        // The connection of a call decides which integration's inputs apply.
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
                            "Username": described("The user who runs the command: the key's owner, or another user of \
                                                   the key."),
                            "Site": described("The site on which the command runs."),
                            "CommandParams": parameters,
                        },
                        "required": required,
                    },
                    "example": {
                        "Username": "Admin", "Site": "Security Operations", "CommandParams": example(command),
                    },
                } },
            },
            "responses": responses(
                "200",
                "The command ended. If it was refused or failed, error has the reason.",
                &answer,
                &others,
            ),
        });
        let path = format!("{}/api/Command/{}", settings.prefix(), command.endpoint);
        if matches!(&command.runner, CommandRunner::Utility(utility) if utility.can_plan()) {
            paths.insert(format!("{path}/plan"), json!({ "post": plan(&operation) }));
            paths.insert(format!("{path}/apply"), json!({ "post": apply(&operation) }));
        }
        paths.insert(path, json!({ "post": operation }));
    }
}

/// An example of the parameters. A connector's command may refuse some of its optional inputs together, and its
/// manifest does not say which. So its example has the first of them only.
fn example(command: &Registered) -> Map<String, Value> {
    let inputs = &command.manifest.inputs;
    let first = inputs.iter().find(|input| !input.required).map(|input| input.name.as_str());
    let shown =
        inputs.iter().filter(|input| command.is_utility() || input.required || first == Some(input.name.as_str()));
    shown.map(|input| (input.name.clone(), input.example.clone())).collect()
}

/// The operation that plans the command of `run`.
fn plan(run: &Value) -> Value {
    let mut operation = run.clone();
    operation["operationId"] = json!(format!("Plan{}", run["operationId"].as_str().unwrap_or_default()));
    operation["summary"] = json!(format!("Plan: {}", run["summary"].as_str().unwrap_or_default()));
    operation["description"] = json!(
        "Returns the changes that the command would make, and changes nothing. The plan can be applied with its \
         fingerprint until its basis changes. If the command is refused, error has the reason."
    );
    let schema = &mut operation["responses"]["200"]["content"]["application/json"]["schema"];
    *schema = json!({ "anyOf": [{ "$ref": "#/components/schemas/Plan" }, schema.take()] });
    operation
}

/// The operation that applies a plan of the command of `run`.
fn apply(run: &Value) -> Value {
    let mut operation = run.clone();
    operation["operationId"] = json!(format!("Apply{}", run["operationId"].as_str().unwrap_or_default()));
    operation["summary"] = json!(format!("Apply a plan: {}", run["summary"].as_str().unwrap_or_default()));
    operation["description"] = json!(
        "Runs the command with the same parameters if its changes are still the planned changes. Otherwise nothing is \
         done, and error names the changes of the plan's basis."
    );
    let content = &mut operation["requestBody"]["content"]["application/json"];
    content["schema"]["properties"]["Fingerprint"] =
        json!({ "type": "string", "pattern": FILLED, "description": "The fingerprint of the plan." });
    if let Some(required) = content["schema"]["required"].as_array_mut() {
        required.push(json!("Fingerprint"));
    }
    content["example"]["Fingerprint"] = json!("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY");
    operation
}

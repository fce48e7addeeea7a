//! Tracecat: one action template in YAML per command.

use serde_json::{Map, Value, json};
use soar_connector::Command;
use soar_connector::manifest::{Input, InputType};

use crate::file::{File, fill};
use crate::icon;
use crate::names::{pascal, snake};
use crate::source::{RunMode, Source};
use crate::yaml;

pub(crate) fn files(source: &Source<'_>) -> Vec<File> {
    let mut files: Vec<_> = source
        .commands()
        .map(|command| {
            let path = format!("templates/{}/{}.yml", source.snake(), snake(&command.name));
            File::new(path, yaml::text(&template(source, command)))
        })
        .collect();
    files.push(File::new("icon.svg", icon::SVG));
    let steps = match source.way {
        RunMode::Direct => format!("{DIRECT}{STEPS}"),
        RunMode::ViaHost => STEPS.to_owned(),
    };
    files.push(source.readme("Tracecat", &steps));
    files
}

/// The longest time for a step, in seconds. A host answers within 300, unless its `time-limit-seconds` is longer.
const TIMEOUT: u32 = 330;

const STEPS: &str = "
1. Put the folder `templates` into your custom registry, and sync the registry.
2. Add the secret that the actions name, with its keys.
3. Run the action Test Connection.";

const DIRECT: &str = "
Tracecat installs `@id@==@version@` for each run. It needs a package index that has the wheel, and a sandbox with CPython 3.10
or newer: one with Pyodide does not run the wheel. Where either is missing, use a package made with `--via-host`.
";

fn template(source: &Source<'_>, command: &Command) -> Value {
    let settings = source.settings().into_iter();
    // Tracecat's own HTTP client trusts the authorities of its system.
    let settings = settings.filter(|setting| setting.name != "Host CA File");
    let (keys, optional): (Vec<_>, Vec<_>) = settings.partition(|setting| setting.required);
    let names = |settings: &[crate::source::PackageSetting]| {
        settings.iter().map(|setting| setting.keyword().to_uppercase()).collect::<Vec<_>>()
    };
    let expects: Map<_, _> = command.inputs.iter().map(|input| (snake(&input.name), expected(input))).collect();
    let parameters: Map<_, _> = command
        .inputs
        .iter()
        .map(|input| (input.name.clone(), json!(format!("${{{{ inputs.{} }}}}", snake(&input.name)))))
        .collect();
    json!({
        "type": "action",
        "definition": {
            "title": command.name,
            "description": command.description,
            "display_group": source.manifest.connector.name,
            "namespace": format!("tools.{}", source.snake()),
            "name": snake(&command.name),
            "secrets": [{ "name": source.snake(), "keys": names(&keys), "optional_keys": names(&optional) }],
            "expects": expects,
            "steps": steps(source, command, &parameters),
            "returns": match source.way {
                RunMode::Direct => "${{ steps.run.result }}",
                RunMode::ViaHost => "${{ steps.check.result }}",
            },
        },
    })
}

/// The steps of a command. The last one fails if the command is not successful.
fn steps(source: &Source<'_>, command: &Command, parameters: &Map<String, Value>) -> Value {
    let secret = |name: &str| format!("${{{{ SECRETS.{}.{name} }}}}", source.snake());
    match source.way {
        RunMode::Direct => {
            let settings: Map<_, _> = source
                .settings()
                .iter()
                .map(|setting| (setting.keyword(), json!(secret(&setting.keyword().to_uppercase()))))
                .collect();
            let script = fill(include_str!("../../templates/tracecat.py"), &[("module", &source.snake())]);
            json!([{
                "ref": "run",
                "action": "core.script.run_python",
                "args": {
                    "script": script,
                    "dependencies": [source.requirements().trim()],
                    "inputs": { "command": command.name, "parameters": parameters, "settings": settings },
                    "allow_network": true,
                    "timeout_seconds": TIMEOUT,
                },
            }])
        }
        RunMode::ViaHost => {
            let mut parameters = parameters.clone();
            parameters.insert("Connection Name".to_owned(), json!(secret("CONNECTION_NAME")));
            let request = json!({
                "ref": "run",
                "action": "core.http_request",
                "args": {
                    "url": format!("{}/api/Command/{}", secret("HOST_URL"), pascal(&command.name)),
                    "method": "POST",
                    "headers": { "d3key": secret("HOST_KEY") },
                    "payload": {
                        "Username": secret("HOST_USER"), "Site": secret("SITE"), "CommandParams": parameters,
                    },
                    "timeout": TIMEOUT,
                },
            });
            // The host answers a failed command with status 200.
            let check = json!({
                "ref": "check",
                "action": "core.script.run_python",
                "args": {
                    "script": include_str!("../../templates/tracecat_check.py"),
                    "inputs": { "answer": "${{ steps.run.result.data }}" },
                },
            });
            json!([request, check])
        }
    }
}

fn expected(input: &Input) -> Value {
    let kind = match input.kind {
        InputType::Integer => "int".to_owned(),
        InputType::Text => "str".to_owned(),
        InputType::Boolean => "bool".to_owned(),
        InputType::Choice => {
            format!(
                "enum[{}]",
                input.choices.iter().map(|choice| format!("\"{choice}\"")).collect::<Vec<_>>().join(", ")
            )
        }
        InputType::List => "list[str]".to_owned(),
        InputType::Object => "dict[str, any]".to_owned(),
        InputType::Json => "any".to_owned(),
    };
    if input.required {
        json!({ "type": kind, "description": input.description })
    } else {
        json!({ "type": format!("{kind} | None"), "description": input.description, "default": null })
    }
}

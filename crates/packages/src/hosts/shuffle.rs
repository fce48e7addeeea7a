//! Shuffle: an app with one action per command.

use serde_json::{Value, json};
use soar_connector::Command;
use soar_connector::manifest::{Input, InputType, SettingType};

use crate::file::{File, fill};
use crate::icon;
use crate::names::snake;
use crate::python;
use crate::source::{PackageSetting, RunMode, Source};
use crate::yaml;

pub(crate) fn files(source: &Source<'_>) -> Vec<File> {
    let folder = format!("{}/{}", source.snake(), source.version);
    let dockerfile = match source.way {
        // Alpine has musl, which the wheel does not run on.
        RunMode::Direct => include_str!("../../templates/shuffle_direct.dockerfile"),
        RunMode::ViaHost => include_str!("../../templates/shuffle_via_host.dockerfile"),
    };
    vec![
        File::new(format!("{folder}/api.yaml"), yaml::text(&api(source))),
        File::new(format!("{folder}/requirements.txt"), format!("shuffle-sdk\n{}", source.requirements())),
        File::new(format!("{folder}/Dockerfile"), dockerfile),
        File::new(format!("{folder}/src/connector.py"), source.connector_module()),
        File::new(format!("{folder}/src/app.py"), app(source)),
        File::new("icon.svg", icon::SVG),
        source.readme("Shuffle", STEPS),
    ]
}

const STEPS: &str = "
1. Put the app's folder into the folder of apps of your Shuffle, with the wheel beside the Dockerfile unless the package
   was made with `--via-host`, and reload the apps.
2. Add an authentication with the connection's settings.
3. Run the action Test Connection.";

fn api(source: &Source<'_>) -> Value {
    let connector = &source.manifest.connector;
    let parameters: Vec<_> = source.settings().iter().map(authentication).collect();
    json!({
        "walkoff_version": source.version,
        "app_version": source.version,
        "name": connector.name,
        "description": connector.description,
        "tags": [connector.category],
        "categories": [connector.category],
        "contact_info": { "name": connector.id, "url": "", "email": "" },
        "authentication": { "required": true, "parameters": parameters },
        "actions": source.commands().map(action).collect::<Vec<_>>(),
        "large_image": format!("data:image/png;base64,{}", icon::png_base64()),
    })
}

fn authentication(setting: &PackageSetting) -> Value {
    json!({
        "name": setting.keyword(), "description": setting.description, "example": setting.example,
        "required": setting.required, "multiline": setting.kind == SettingType::Certificates,
        "schema": { "type": "string" },
    })
}

fn action(command: &Command) -> Value {
    json!({
        "name": snake(&command.name),
        "description": command.description,
        "parameters": command.inputs.iter().map(parameter).collect::<Vec<_>>(),
        "returns": { "schema": { "type": "string" } },
    })
}

fn parameter(input: &Input) -> Value {
    let example = match &input.example {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut parameter = json!({
        "name": snake(&input.name), "description": input.description, "example": example, "required": input.required,
        "multiline": matches!(input.kind, InputType::Object | InputType::Json), "schema": { "type": "string" },
    });
    let options = match input.kind {
        InputType::Boolean => vec!["true".to_owned(), "false".to_owned()],
        InputType::Choice => input.choices.clone(),
        _ => Vec::new(),
    };
    if !options.is_empty() {
        parameter["options"] = json!(options);
    }
    parameter
}

fn app(source: &Source<'_>) -> String {
    let settings: Vec<_> = source.settings().iter().map(PackageSetting::keyword).collect();
    let arguments = settings.iter().map(|name| format!(", {name}=None")).collect::<String>();
    let connection = settings.iter().map(|name| format!("{name}={name}")).collect::<Vec<_>>().join(", ");
    let methods: String = source
        .commands()
        .map(|command| {
            let inputs: Vec<_> = command.inputs.iter().map(|input| snake(&input.name)).collect();
            let parameters = inputs.iter().map(|name| format!(", {name}=None")).collect::<String>();
            let given = inputs.iter().map(|name| format!("{name}={name}")).collect::<Vec<_>>().join(", ");
            let (method, name) = (snake(&command.name), Value::from(command.name.as_str()));
            format!(
                "\n    def {method}(self{arguments}{parameters}):\n        connection = dict({connection})\n        \
                 return run({name}, connection, dict({given}))\n"
            )
        })
        .collect();
    fill(
        include_str!("../../templates/shuffle.py"),
        &[
            ("version", &python::literal(&json!(source.version))),
            ("name", &python::literal(&json!(source.manifest.connector.name))),
            ("methods", methods.trim_end()),
            ("class", &source.word()),
        ],
    )
}

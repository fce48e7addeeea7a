//! Splunk SOAR: an app of the vendor's SDK, with one action per command.

use serde_json::{Value, json};
use soar_connector::Command;
use soar_connector::manifest::{Effect, Input, InputType, SettingType};

use crate::file::{File, fill};
use crate::icon;
use crate::names::{pascal, snake};
use crate::python;
use crate::source::{Setting, Source};

pub(crate) fn files(source: &Source<'_>) -> Vec<File> {
    let folder = format!("{}_app", source.snake());
    let connector = &source.manifest.connector;
    let fields: String = source.settings().iter().map(field).collect();
    let actions: String = source.commands().map(|command| action(source, command)).collect();
    let app = fill(
        include_str!("../../templates/splunk_soar.py"),
        &[
            ("name", &text(&connector.name)),
            ("vendor", &text(&connector.vendor)),
            ("health_check", &text(&connector.health_check)),
            ("fields", fields.trim_end()),
            ("actions", actions.trim_end()),
        ],
    );
    let project = fill(
        include_str!("../../templates/splunk_soar.toml"),
        &[
            ("project", &source.manifest.connector.id),
            ("version", source.version),
            ("description", &text(&connector.description)),
        ],
    );
    vec![
        File::new(format!("{folder}/pyproject.toml"), project),
        File::new(format!("{folder}/src/__init__.py"), ""),
        File::new(format!("{folder}/src/connector.py"), source.connector_module()),
        File::new(format!("{folder}/src/app.py"), app),
        File::new(format!("{folder}/logo.svg"), icon::SVG),
        File::new(format!("{folder}/logo_dark.svg"), icon::SVG),
        source.readme("Splunk SOAR", STEPS),
    ]
}

const STEPS: &str = "
1. In the app's folder run `uv lock`, and then `soarapps package build`.
2. Install the file that was built in Apps > Install App.
3. Add an asset, and press Test Connectivity.";

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn field(setting: &Setting) -> String {
    let kind = match setting.kind {
        SettingType::Boolean => "bool",
        SettingType::Integer => "int",
        _ => "str",
    };
    let mut arguments = format!("description={}, required={}", text(&setting.description), truth(setting.required));
    if setting.secret {
        arguments.push_str(", sensitive=True");
    }
    if !setting.choices.is_empty() {
        arguments.push_str(&format!(", value_list={}", python::literal(&json!(setting.choices))));
    }
    if !setting.required {
        arguments.push_str(", default=None");
    }
    format!("    {}: {kind} = AssetField({arguments})\n", setting.keyword())
}

fn parameter(input: &Input) -> String {
    let kind = match input.kind {
        InputType::Boolean => "bool",
        InputType::Integer => "int",
        _ => "str",
    };
    let mut arguments = format!("description={}, required={}", text(&input.description), truth(input.required));
    if input.kind == InputType::Choice {
        arguments.push_str(&format!(", value_list={}", python::literal(&json!(input.choices))));
    }
    if input.kind == InputType::List {
        arguments.push_str(", allow_list=True");
    }
    format!("    {}: {kind} = Param({arguments})\n", snake(&input.name))
}

fn action(source: &Source<'_>, command: &Command) -> String {
    let class = pascal(&command.name);
    let parameters: String = command.inputs.iter().map(parameter).collect();
    let parameters = if parameters.is_empty() { "    pass\n".to_owned() } else { parameters };
    let keys: String =
        command.key_fields.iter().map(|field| format!("    {}: list[str]\n", snake(&field.name))).collect();
    let names = python::table(command.key_fields.iter().map(|field| (field.name.clone(), json!(snake(&field.name)))));
    let (kind, read_only) = match command.effect {
        Effect::Read => ("investigate", true),
        Effect::Write => ("generic", false),
    };
    let notes = std::iter::once(&command.description).chain(&command.notes).cloned().collect::<Vec<_>>().join(" ");
    // The SDK's own name of the action that tests an asset.
    let is_test = command.name == source.manifest.connector.health_check;
    fill(
        include_str!("../../templates/splunk_soar_action.py"),
        &[
            ("class", &class),
            ("function", &if is_test { "run_health_check".to_owned() } else { snake(&command.name) }),
            ("parameters", parameters.trim_end()),
            ("keys", &keys),
            ("names", &names),
            ("command", &text(&command.name)),
            ("description", &text(&command.description)),
            ("verbose", &text(&notes)),
            ("kind", &text(kind)),
            ("read_only", truth(read_only)),
        ],
    )
}

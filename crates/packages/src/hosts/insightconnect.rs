//! Rapid7 InsightConnect: a plugin's specification and code. The vendor's tool adds the files that it draws from the
//! specification.

use serde_json::{Map, Value, json};
use soar_connector::Command;
use soar_connector::manifest::{Input, InputType, SettingType};

use crate::file::{File, fill};
use crate::icon;
use crate::names::{pascal, snake};
use crate::python;
use crate::source::{PackageSetting, Source};
use crate::yaml;

/// The version of the vendor's runtime.
const RUNTIME: &str = "6.6.0";

pub(crate) fn files(source: &Source<'_>) -> Vec<File> {
    let folder = source.snake();
    let code = format!("{folder}/icon_{folder}");
    let settings = python::literal(&json!(source.settings().iter().map(PackageSetting::keyword).collect::<Vec<_>>()));
    let health_check = Value::from(source.manifest.connector.health_check.as_str()).to_string();
    let connection = fill(
        include_str!("../../templates/insightconnect_connection.py"),
        &[("plugin", &folder), ("settings", &settings), ("health_check", &health_check)],
    );
    let mut files = vec![
        File::new(format!("{folder}/plugin.spec.yaml"), yaml::text(&specification(source))),
        File::new(format!("{folder}/requirements.txt"), source.requirements()),
        File::new(format!("{folder}/icon.png"), icon::PNG),
        File::new(format!("{folder}/extension.png"), icon::PNG),
        File::new(format!("{code}/connection/connection.py"), connection),
        File::new(format!("{code}/util/connector.py"), source.connector_module()),
        source.readme("Rapid7 InsightConnect", STEPS),
    ];
    for command in source.commands() {
        let name = snake(&command.name);
        let action = fill(
            include_str!("../../templates/insightconnect_action.py"),
            &[
                ("class", &pascal(&command.name)),
                ("name", &name),
                ("command", &Value::from(command.name.as_str()).to_string()),
            ],
        );
        files.push(File::new(format!("{code}/actions/{name}/action.py"), action));
    }
    files
}

const STEPS: &str = "
1. In the plugin's folder run `insight-plugin refresh`, which adds the files that it draws from `plugin.spec.yaml`. Unless the
   package was made with `--via-host`, put the wheel into the folder, and write `./` and the wheel's file name into
   `requirements.txt` in place of `@id@==@version@`.
2. Run `insight-plugin export`, and import the file in InsightConnect.
3. Add a connection, and test it.";

/// A description as the vendor's validator takes it: no full stop at the end, and HTTPS in capitals.
fn described(text: &str) -> String {
    let words = text.strip_suffix('.').unwrap_or(text).split(' ');
    let capitals = |word: &str| {
        if word.trim_end_matches([',', ':', ';']) == "https" { word.replace("https", "HTTPS") } else { word.to_owned() }
    };
    words.map(capitals).collect::<Vec<_>>().join(" ")
}

/// A title as the vendor's validator takes it: articles and conjunctions within it in lower case, and other words in capitals.
fn titled(name: &str) -> String {
    let words = name.split(' ').enumerate().map(|(index, word)| match word {
        "And" | "Or" | "Of" | "The" | "In" | "To" | "For" | "By" | "On" | "At" | "With" | "From" if index > 0 => {
            word.to_lowercase()
        }
        "per" => "Per".to_owned(),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn specification(source: &Source<'_>) -> Value {
    let connector = &source.manifest.connector;
    let settings: Map<_, _> =
        source.settings().iter().map(|setting| (setting.keyword(), connection_field(setting))).collect();
    let actions: Map<_, _> = source.commands().map(|command| (snake(&command.name), action(command))).collect();
    json!({
        "plugin_spec_version": "v2",
        "extension": "plugin",
        "products": ["insightconnect"],
        "name": source.snake(),
        "title": connector.name,
        "description": described(&connector.description),
        "version": source.version_from_one(),
        "connection_version": 1,
        "supported_versions": ["2026-01-01"],
        "vendor": source.snake(),
        "support": "community",
        "status": [],
        "cloud_ready": false,
        "sdk": { "type": "slim", "version": RUNTIME, "user": "nobody" },
        "tags": ["vulnerability", "footprint"],
        "hub_tags": {
            "use_cases": ["vulnerability_management"],
            "keywords": ["vulnerability", "footprint"],
            "features": [],
        },
        "key_features": source.commands().map(|command| command.name.clone()).collect::<Vec<_>>(),
        "requirements": [format!("A user of {}", connector.name)],
        "troubleshooting": ["A failed action names the cause and the cure"],
        "version_history": [
            format!("{} - Commands of version {} of the connector", source.version_from_one(), source.version),
            "1.0.0 - Initial plugin",
        ],
        "links": [format!("[{}](https://www.codaintelligence.com)", connector.name)],
        "references": [format!("[{}](https://www.codaintelligence.com)", connector.name)],
        "resources": {
            "source_url": "https://www.codaintelligence.com",
            "license_url": "https://www.apache.org/licenses/LICENSE-2.0",
        },
        "connection": settings,
        "actions": actions,
    })
}

fn connection_field(setting: &PackageSetting) -> Value {
    let kind = match setting.kind {
        _ if setting.secret => "credential_secret_key",
        SettingType::Boolean => "boolean",
        SettingType::Integer => "integer",
        _ => "string",
    };
    let example = match setting.kind {
        _ if setting.secret => json!({ "secretKey": setting.example }),
        SettingType::Boolean => json!(false),
        SettingType::Integer => setting.example.parse::<i64>().map_or(Value::Null, |number| json!(number)),
        _ => json!(setting.example),
    };
    let mut field = json!({
        "title": titled(&setting.name), "description": described(&setting.description), "type": kind,
        "required": setting.required, "example": example,
    });
    if !setting.choices.is_empty() {
        field["enum"] = choices(setting.required, &setting.choices);
    }
    field
}

fn action(command: &Command) -> Value {
    let input: Map<_, _> = command.inputs.iter().map(|input| (snake(&input.name), field(input))).collect();
    let mut action = json!({
        "title": titled(&command.name),
        "description": described(&command.description),
        "output": {
            "rows": {
                "title": "Rows", "description": "The rows of the result", "type": "[]object", "required": true,
                "example": "[{\"ID\": 1042}]",
            },
            "key_fields": {
                "title": "Key Fields", "description": "Values that other actions take", "type": "object",
                "required": true, "example": "{\"Device IDs\": [1042]}",
            },
            "warnings": {
                "title": "Warnings", "description": "What differs from the request, and what is missing from a list",
                "type": "[]string", "required": true, "example": "[\"3 of 120 rows are missing\"]",
            },
        },
    });
    if !input.is_empty() {
        action["input"] = json!(input);
    }
    action
}

fn field(input: &Input) -> Value {
    let kind = match input.kind {
        InputType::Integer => "integer",
        InputType::List => "[]string",
        InputType::Object => "object",
        InputType::Text | InputType::Boolean | InputType::Choice | InputType::Json => "string",
    };
    let example = match &input.example {
        Value::Object(_) | Value::Array(_) => json!(input.example.to_string()),
        Value::Bool(yes) => json!(if *yes { "Yes" } else { "No" }),
        example => example.clone(),
    };
    let mut field = json!({
        "title": titled(&input.name), "description": described(&input.description), "type": kind, "required": input.required,
        "example": example,
    });
    match input.kind {
        // An untouched field of the type boolean comes as false.
        InputType::Boolean => field["enum"] = choices(input.required, &["Yes".to_owned(), "No".to_owned()]),
        InputType::Choice => field["enum"] = choices(input.required, &input.choices),
        _ => {}
    }
    field
}

/// The values that a field takes. An untouched optional one comes as an empty text.
fn choices(required: bool, choices: &[String]) -> Value {
    let untouched = (!required).then_some("");
    untouched.into_iter().chain(choices.iter().map(String::as_str)).collect()
}

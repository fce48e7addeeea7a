//! Cortex XSOAR and XSIAM: a content pack with one integration.

use serde_json::{Value, json};
use soar_connector::Command;
use soar_connector::manifest::{ColumnType, Effect, Input, InputType, SettingType};

use crate::file::{File, fill};
use crate::icon;
use crate::names::{kebab, pascal, snake};
use crate::python;
use crate::source::{PackageSetting, RunMode, Source};
use crate::yaml;

/// The vendor's image with Python, on Debian, which takes the wheel. The one on Alpine has musl.
const IMAGE: &str = "demisto/python3-deb:3.12.12.5490952";

// Cortex's numbers of the kinds of a parameter.
const TEXT: u8 = 0;
const ENCRYPTED: u8 = 4;
const BOOLEAN: u8 = 8;
const LINES: u8 = 12;
const CHOICE: u8 = 15;

pub(crate) fn files(source: &Source<'_>) -> Vec<File> {
    let word = source.word();
    let pack = format!("Packs/{word}");
    let integration = format!("{pack}/Integrations/{word}");
    let examples: String = source.commands().map(|command| example(source, command) + "\n").collect();
    let test = fill(include_str!("../../templates/cortex_xsoar_test.py"), &[("word", &word)]);
    let notes = format!(
        "\n#### Integrations\n\n##### {}\n\n- The commands of version {} of the connector.\n",
        source.manifest.connector.name, source.version
    );
    let mut files = vec![
        File::new(format!("{pack}/pack_metadata.json"), format!("{:#}\n", metadata(source))),
        File::new(format!("{pack}/README.md"), format!("{}\n", source.manifest.connector.description)),
        File::new(format!("{pack}/.pack-ignore"), ""),
        File::new(format!("{pack}/.secrets-ignore"), ""),
        File::new(format!("{pack}/ReleaseNotes/{}.md", source.version_from_one().replace('.', "_")), notes),
        File::new(format!("{integration}/{word}.yml"), yaml::text(&definition(source))),
        File::new(format!("{integration}/{word}.py"), script(source)),
        File::new(format!("{integration}/{word}_description.md"), description(source)),
        File::new(format!("{integration}/{word}_image.png"), icon::PNG_120X50),
        File::new(format!("{integration}/{word}_test.py"), test),
        File::new(format!("{integration}/README.md"), readme(source)),
        File::new(format!("{integration}/command_examples"), examples),
        source.readme("Cortex XSOAR", STEPS),
    ];
    if source.way == RunMode::Direct {
        let dockerfile = fill(
            include_str!("../../templates/cortex_xsoar.dockerfile"),
            &[("image", IMAGE), ("requirement", source.requirements().trim())],
        );
        files.push(File::new("docker/Dockerfile", dockerfile));
    }
    files
}

const STEPS: &str = "
1. Build the image of `docker/`, if there is one, with the wheel beside the Dockerfile, and push it to your registry.
2. Upload the pack: `demisto-sdk upload -i Packs/CODAFootprint -z`, or paste the integration into the settings page.
3. Add an instance, and press Test.";

fn metadata(source: &Source<'_>) -> Value {
    json!({
        "name": source.manifest.connector.name,
        "description": source.manifest.connector.description,
        "support": "community",
        "currentVersion": source.version_from_one(),
        "author": source.manifest.connector.id,
        "url": "https://live.paloaltonetworks.com/t5/cortex-xsoar-discussions/bd-p/Cortex_XSOAR_Discussions",
        "email": "",
        "created": "2026-01-01T00:00:00Z",
        "categories": ["Vulnerability Management"],
        "tags": [],
        "useCases": [],
        "keywords": [source.manifest.connector.name],
        "marketplaces": ["xsoar", "marketplacev2", "platform"],
        "githubUser": [],
    })
}

fn command_name(source: &Source<'_>, command: &Command) -> String {
    let prefix = source.manifest.connector.name.split_whitespace().last().unwrap_or_default().to_lowercase();
    format!("{prefix}-{}", kebab(&command.name))
}

fn example(source: &Source<'_>, command: &Command) -> String {
    let mut text = format!("!{}", command_name(source, command));
    for input in command.inputs.iter().filter(|input| input.required) {
        text.push_str(&format!(" {}={}", snake(&input.name), input.example));
    }
    text
}

fn script(source: &Source<'_>) -> String {
    let commands = source.command_table(|command| command_name(source, command));
    let prefixes = python::table(
        source
            .commands()
            .map(|command| (command.name.clone(), json!(format!("{}.{}", source.word(), output(command))))),
    );
    let key_fields =
        python::table(source.commands().filter_map(|command| Some((command.name.clone(), json!(key_field(command)?)))));
    let module = source.connector_module();
    let mut parts = module.trim_end().splitn(3, "\n\n");
    let mut part = || parts.next().unwrap_or_default();
    let (docstring, imports, connector) = (part(), part().replace("import json\n", ""), part());
    fill(
        include_str!("../../templates/cortex_xsoar.py"),
        &[
            ("docstring", docstring),
            ("imports", &imports),
            ("connector", connector),
            ("key_fields", &key_fields),
            ("health_check", &Value::from(source.manifest.connector.health_check.as_str()).to_string()),
            ("commands", &commands),
            ("prefixes", &prefixes),
        ],
    )
}

/// The name of a command's rows in the context: `Devices` of List Devices.
fn output(command: &Command) -> String {
    pascal(command.name.strip_prefix("List ").or_else(|| command.name.strip_prefix("Get ")).unwrap_or(&command.name))
}

/// The field of the context that tells the rows of a list apart: the id in its first column, which other commands take.
fn key_field(command: &Command) -> Option<String> {
    let (key, column) = (command.key_fields.first()?, command.columns.first()?);
    let is_list = command.inputs.iter().all(|input| !input.required);
    (is_list && key.path == column.path).then(|| pascal(&column.name))
}

fn definition(source: &Source<'_>) -> Value {
    let connector = &source.manifest.connector;
    let commands: Vec<_> = source.commands().map(|command| definition_of(source, command)).collect();
    let image = match source.way {
        RunMode::Direct => format!("{}:{}", connector.id, source.version),
        RunMode::ViaHost => IMAGE.to_owned(),
    };
    json!({
        "category": "Vulnerability Management",
        "commonfields": { "id": connector.name, "version": -1 },
        "configuration": source.settings().iter().map(parameter).collect::<Vec<_>>(),
        "description": connector.description,
        "display": connector.name,
        "name": connector.name,
        "script": {
            "commands": commands,
            "dockerimage": image,
            "isfetch": false,
            "runonce": false,
            "script": "-",
            "subtype": "python3",
            "type": "python",
        },
        "fromversion": "6.10.0",
        "tests": ["No tests (auto formatted)"],
    })
}

fn parameter(setting: &PackageSetting) -> Value {
    let kind = match setting.kind {
        _ if setting.secret => ENCRYPTED,
        SettingType::Boolean => BOOLEAN,
        SettingType::Choice => CHOICE,
        SettingType::Certificates => LINES,
        _ => TEXT,
    };
    let mut parameter = json!({
        "additionalinfo": setting.description,
        "display": setting.name,
        "name": setting.keyword(),
        "required": setting.required,
        "section": if setting.required || setting.secret || setting.name == "User Name" { "Connect" } else { "Collect" },
        "type": kind,
    });
    if kind == CHOICE {
        parameter["options"] = json!(setting.choices);
    }
    parameter
}

fn definition_of(source: &Source<'_>, command: &Command) -> Value {
    let prefix = format!("{}.{}", source.word(), output(command));
    let outputs: Vec<_> = command
        .columns
        .iter()
        .map(|column| {
            let kind = match column.kind {
                ColumnType::Time => "Date",
                ColumnType::Number => "Number",
                ColumnType::Boolean => "Boolean",
                ColumnType::Word => "String",
                ColumnType::Any => "Unknown",
            };
            let name = pascal(&column.name);
            json!({ "contextPath": format!("{prefix}.{name}"), "description": format!("{}.", column.name), "type": kind })
        })
        .collect();
    json!({
        "name": command_name(source, command),
        "description": command.description,
        "arguments": command.inputs.iter().map(argument).collect::<Vec<_>>(),
        "outputs": outputs,
        "execution": command.effect == Effect::Write,
    })
}

fn argument(input: &Input) -> Value {
    let mut argument = json!({
        "name": snake(&input.name), "description": input.description, "required": input.required,
        "isArray": input.kind == InputType::List,
    });
    let choices = match input.kind {
        InputType::Boolean => vec!["true".to_owned(), "false".to_owned()],
        InputType::Choice => input.choices.clone(),
        _ => Vec::new(),
    };
    if !choices.is_empty() {
        argument["auto"] = json!("PREDEFINED");
        argument["predefined"] = json!(choices);
    }
    argument
}

fn description(source: &Source<'_>) -> String {
    let mut text = format!("## {}\n\n{}\n\n", source.manifest.connector.name, source.manifest.connector.description);
    for setting in source.settings() {
        text.push_str(&format!("- **{}**: {}\n", setting.name, setting.description));
    }
    text
}

fn readme(source: &Source<'_>) -> String {
    let connector = &source.manifest.connector;
    let mut text = format!("{}\n\n## Configure {} in Cortex\n\n", connector.description, connector.name);
    text.push_str("| **Parameter** | **Description** | **Required** |\n| --- | --- | --- |\n");
    for setting in source.settings() {
        let required = if setting.required { "True" } else { "False" };
        text.push_str(&format!("| {} | {} | {required} |\n", setting.name, setting.description));
    }
    text.push_str(
        "\n## Commands\n\nYou can execute these commands from the CLI, as part of an automation, or in a playbook.\n",
    );
    for command in source.commands() {
        let name = command_name(source, command);
        text.push_str(&format!(
            "\n### {name}\n\n***\n{}\n\n#### Base Command\n\n`{name}`\n\n#### Input\n\n",
            command.description
        ));
        if command.inputs.is_empty() {
            text.push_str("There are no input arguments for this command.\n");
        } else {
            text.push_str("| **Argument Name** | **Description** | **Required** |\n| --- | --- | --- |\n");
        }
        for input in &command.inputs {
            let required = if input.required { "Required" } else { "Optional" };
            text.push_str(&format!("| {} | {} | {required} |\n", snake(&input.name), input.description));
        }
        text.push_str("\n#### Context Output\n\n| **Path** | **Type** | **Description** |\n| --- | --- | --- |\n");
        let definition = definition_of(source, command);
        for output in definition["outputs"].as_array().into_iter().flatten() {
            let part = |name: &str| output[name].as_str().unwrap_or_default();
            text.push_str(&format!("| {} | {} | {} |\n", part("contextPath"), part("type"), part("description")));
        }
    }
    text
}

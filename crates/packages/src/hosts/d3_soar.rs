//! D3 SOAR: a custom integration, whose commands are Python functions that return `pb.returnOutputModel(...)`.

use serde_json::{Value, json};
use soar_connector::manifest::Input;

use crate::file::{File, fill};
use crate::icon;
use crate::names::pascal;
use crate::python;
use crate::source::Source;

pub(crate) fn files(source: &Source<'_>) -> Vec<File> {
    let connection = python::table(source.settings().iter().map(|setting| {
        let parameter = setting.keyword().replace('_', "");
        (parameter, json!(setting.keyword()))
    }));
    let functions: String = source
        .commands()
        .map(|command| {
            let inputs: Vec<_> = command.inputs.iter().map(|input| input.name.as_str()).collect();
            let (function, inputs) = (pascal(&command.name), python::literal(&json!(inputs)));
            let name = Value::from(command.name.as_str());
            format!("\n\ndef {function}(*args):\n    return _run({name}, {inputs}, args)\n")
        })
        .collect();
    let script = fill(
        include_str!("../../templates/d3_soar.py"),
        &[
            ("connector_module", source.connector_module().trim_end()),
            ("connection", &connection),
            ("functions", functions.trim_start_matches('\n')),
        ],
    );
    let word = source.word();
    vec![
        File::new(format!("{word}.py"), script),
        File::new("integration.json", format!("{:#}\n", integration(source))),
        File::new("logo.png", icon::PNG),
        source.readme("D3 SOAR", STEPS),
    ]
}

const STEPS: &str = "
1. In Configuration > Integrations add a custom integration with the connection parameters and commands that
   `integration.json` lists, each with its inputs in that order.
2. Paste the Python file into the integration's script. Without `--via-host` it needs the Python package in the image
   that runs custom Python, and Python 3.10 or newer there.
3. Add a connection, and run TestConnection.";

/// What a person types into D3's forms.
fn integration(source: &Source<'_>) -> Value {
    let parameters: Vec<_> = source
        .settings()
        .iter()
        .map(|setting| {
            json!({
                "internalName": setting.keyword().replace('_', ""), "displayName": setting.name,
                "isRequired": setting.required, "isPassword": setting.secret, "description": setting.description,
            })
        })
        .collect();
    let commands: Vec<_> = source
        .commands()
        .map(|command| {
            json!({
                "internalName": pascal(&command.name), "displayName": command.name, "description": command.description,
                "inputs": command.inputs.iter().map(input).collect::<Vec<_>>(),
            })
        })
        .collect();
    let connector = &source.manifest.connector;
    json!({
        "name": connector.name, "category": connector.category, "description": connector.description,
        "version": source.version, "connectionParameters": parameters, "commands": commands,
    })
}

fn input(input: &Input) -> Value {
    json!({
        "name": input.name, "isRequired": input.required, "type": input.kind.to_string(),
        "description": input.description, "sample": input.example, "choices": input.choices,
    })
}

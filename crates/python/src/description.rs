//! The help texts, all of them from the manifest.

use pyo3::PyResult;
use pyo3::exceptions::PyRuntimeError;
use serde::Serialize;
use soar_connector::manifest::{Command, ConnectorManifest, Effect, Input, Setting, SettingType};
use soar_connector::name::normalised;
use soar_connector::{Manifest, cell_text};

/// Columns of a terminal, less what `help()` indents.
const WIDTH: usize = 92;

const FIRST_STEPS: &str = "    from coda_footprint import Connector
    connector = Connector(server_url=\"https://footprint.example.com\", user_name=\"soar@example.com\", password=\"…\")
    outcome = connector.execute(\"Test Connection\")
    print(outcome[\"returnData\"], outcome[\"error\"])

help(Connector) describes the settings, and help(Connector.execute) the commands.";

/// The manifest as JSON text.
pub(crate) fn json(manifest: &Manifest) -> PyResult<String> {
    #[derive(Serialize)]
    struct WholeManifest<'a> {
        connector: &'a ConnectorManifest,
        commands: Vec<&'a Command>,
    }
    let whole = WholeManifest {
        connector: &manifest.connector,
        commands: manifest.commands.iter().map(|command| &**command).collect(),
    };
    serde_json::to_string(&whole).map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

pub(crate) fn of_module(manifest: &Manifest) -> String {
    let mut text = Text::default();
    text.paragraph(0, &format!("{} for Python. {}", manifest.connector.name, manifest.connector.description));
    text.line("");
    text.line(FIRST_STEPS);
    text.line("");
    text.line("Commands:");
    for command in &manifest.commands {
        text.entry(&command.name, &command.description);
    }
    text.0
}

pub(crate) fn of_settings(manifest: &Manifest) -> String {
    let mut text = Text::default();
    text.paragraph(0, &format!("A connection to {}. {}", manifest.connector.name, manifest.connector.description));
    text.line("");
    text.paragraph(0, "It can be used from several threads at once. A process that was forked logs in anew.");
    if !manifest.connector.one_of.is_empty() {
        let groups = manifest.connector.one_of.iter();
        let groups: Vec<_> = groups.map(|group| group.iter().map(|name| keyword(name)).collect::<Vec<_>>()).collect();
        let either = groups.iter().map(|group| group.join(" and ")).collect::<Vec<_>>().join(", or ");
        text.paragraph(0, &format!("It takes either {either}."));
    }
    text.line("");
    text.line("Settings:");
    for setting in &manifest.connector.settings {
        let required = if setting.required { ", required" } else { "" };
        let title = format!("{} ({}{required})", keyword(&setting.name), type_of(setting));
        text.entry(&title, &setting.description);
    }
    text.0
}

pub(crate) fn of_commands(manifest: &Manifest) -> String {
    let mut text = Text::default();
    for command in &manifest.commands {
        text.line("");
        text.line(&command.name);
        text.paragraph(4, &command.description);
        for note in &command.notes {
            text.paragraph(4, note);
        }
        let effect = match command.effect {
            Effect::Read => "It changes nothing.",
            Effect::Write => "It changes something in the product.",
        };
        text.paragraph(4, &format!("{effect} Permission: any of {}.", command.permissions.join(", ")));
        text.inputs(4, &command.inputs);
        let names = |names: Vec<&str>| names.join(", ");
        if !command.key_fields.is_empty() {
            let fields = names(command.key_fields.iter().map(|field| field.name.as_str()).collect());
            text.paragraph(4, &format!("Key fields: {fields}"));
        }
        text.paragraph(4, &format!("Columns: {}", names(command.columns.iter().map(|c| c.name.as_str()).collect())));
        for error in &command.errors {
            text.paragraph(4, &format!("Error {}: {} {}", error.code, error.cause, error.cure));
        }
    }
    text.0
}

/// The keyword argument of a setting: `server_url` of Server URL.
fn keyword(name: &str) -> String {
    normalised(name).replace('-', "_")
}

fn type_of(setting: &Setting) -> String {
    match setting.kind {
        SettingType::Text | SettingType::Url | SettingType::Certificates => "str".to_owned(),
        SettingType::Boolean => "bool".to_owned(),
        SettingType::Integer => {
            format!("int from {} to {}", setting.minimum.unwrap_or(0), setting.maximum.unwrap_or(i64::MAX))
        }
        SettingType::Choice => format!("one of {}", setting.choices.join(", ")),
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn paragraph(&mut self, indent: usize, text: &str) {
        let indent = " ".repeat(indent);
        let options = textwrap::Options::new(WIDTH).initial_indent(&indent).subsequent_indent(&indent);
        for line in textwrap::wrap(text, options.break_words(false)) {
            self.line(&line);
        }
    }

    fn entry(&mut self, title: &str, text: &str) {
        self.line(&format!("    {title}"));
        self.paragraph(8, text);
    }

    fn inputs(&mut self, indent: usize, inputs: &[Input]) {
        for input in inputs {
            let required = if input.required { ", required" } else { "" };
            let example = cell_text(&input.example);
            let (name, expected) = (&input.name, input.expectation());
            self.paragraph(indent, &format!("{name}: {expected}{required}. {} Example: {example}", input.description));
            self.inputs(indent + 4, &input.fields);
        }
    }
}

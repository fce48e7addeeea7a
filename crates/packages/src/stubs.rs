//! The type stubs of the Python package.

use serde_json::Value;
use soar_connector::Manifest;
use soar_connector::manifest::{Setting, SettingType};

use crate::file::fill;
use crate::names::snake;

/// The text of `coda_footprint/__init__.pyi`.
#[must_use]
pub fn stubs(manifest: &Manifest) -> String {
    let commands: String =
        manifest.commands.iter().map(|command| format!("    {},\n", Value::from(command.name.as_str()))).collect();
    let settings: String = manifest.connector.settings.iter().map(setting).collect();
    fill(
        include_str!("../templates/stubs.pyi"),
        &[("commands", commands.trim_end()), ("settings", settings.trim_end())],
    )
}

fn setting(setting: &Setting) -> String {
    let kind = match setting.kind {
        SettingType::Text | SettingType::Url | SettingType::Certificates => "str".to_owned(),
        SettingType::Boolean => "bool".to_owned(),
        SettingType::Integer => "int".to_owned(),
        SettingType::Choice => format!("Literal{}", Value::from(setting.choices.clone())),
    };
    let keyword = snake(&setting.name);
    if setting.required {
        format!("        {keyword}: {kind},\n")
    } else {
        format!("        {keyword}: {kind} | None = None,\n")
    }
}

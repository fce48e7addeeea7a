//! JSON Schema of settings.

use serde_json::{Value, json};
use soar_connector::manifest::SettingType;

use crate::source::PackageSetting;

/// The schema of a setting.
pub(crate) fn of_setting(setting: &PackageSetting) -> Value {
    let mut schema = match setting.kind {
        SettingType::Boolean => json!({ "type": "boolean" }),
        SettingType::Integer => json!({ "type": "integer" }),
        _ => json!({ "type": "string" }),
    };
    schema["title"] = json!(setting.name);
    schema["description"] = json!(setting.description);
    if !setting.choices.is_empty() {
        schema["enum"] = json!(setting.choices);
    }
    schema
}

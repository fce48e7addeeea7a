//! The operations of the management API.

use serde_json::{Map, Value, json};

use super::shared::{ONCE, WITH_BODY, responses};
use crate::manage::{BASE, described_routes};
use soar_host::settings::HostSettings;

/// Describes all routes: their own descriptions, and the common parts.
pub(super) fn describe(settings: &HostSettings, paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let mut document = json!(described_routes().into_openapi());
    if let Some(Value::Object(described)) = document.pointer_mut("/components/schemas").map(Value::take) {
        schemas.extend(described);
    }
    let Some(Value::Object(described)) = document.get_mut("paths").map(Value::take) else { return };
    for (path, methods) in described {
        let entry = paths.entry(format!("{}{BASE}{path}", settings.base_path)).or_insert_with(|| json!({}));
        let Value::Object(methods) = methods else { continue };
        for (method, mut operation) in methods {
            complete(&method, &mut operation);
            entry[&method] = operation;
        }
    }
}

/// Adds the common parts of an operation of the management API: its tag, its authentication, and the statuses that
/// follow from its parameters and its body. The first status of the operation is that of its success.
fn complete(method: &str, operation: &mut Value) {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let has = |place: &str| parameters.iter().any(|parameter| parameter["in"] == place);
    let declared = operation["responses"].as_object().cloned().unwrap_or_default();
    let mut others = vec![("403", "The key may not use the management API.")];
    others.extend(declared.iter().skip(1).filter_map(|(status, answer)| {
        answer["description"].as_str().map(|description| (status.as_str(), description))
    }));
    if has("path") || parameters.iter().any(|parameter| parameter["name"] == "site") {
        others.push(("404", "The resource does not exist."));
    }
    if has("header") {
        others.extend([ONCE, ("409", "A conflict prevents the call, such as a name that is taken.")]);
    } else if method != "get" {
        others.push(("422", "The request is not valid."));
    }
    if operation.get("requestBody").is_some() {
        others.extend(WITH_BODY);
        others.push(("404", "An object that the body names does not exist."));
        operation["requestBody"]["required"] = json!(true);
        let content = operation["requestBody"]["content"].as_object_mut();
        for (_, content) in content.into_iter().filter(|content| content.contains_key("text/csv")).flatten() {
            // The answer lists each bad row, so a schema could forbid no body.
            content["schema"] = json!({ "description": "Rows as an export writes them." });
        }
    }
    operation["tags"] = json!(["Management"]);
    operation["security"] = json!([{ "d3key": [] }]);
    if !operation["parameters"].is_array() {
        operation["parameters"] = json!([]);
    }
    let Some((status, success)) = declared.iter().next() else { return };
    operation["responses"] = responses(status, "The call succeeded.", &Value::Null, &others);
    operation["responses"][status]["content"] = success["content"].clone();
}

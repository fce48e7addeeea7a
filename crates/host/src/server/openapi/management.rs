//! The operations of the management API.

use serde_json::{Map, Value, json};

use super::shared::{ONCE, WITH_BODY, idempotency_key, responses};
use crate::server::manage::{BASE, Operation, described_routes, media_type, operations};
use crate::transfer::Format;

pub(super) fn describe(paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    for operation in operations() {
        let described = describe_one(operation, schemas);
        let path = paths.entry(format!("{BASE}{}", operation.path)).or_insert_with(|| json!({}));
        path[operation.method] = described;
    }
}

/// Describes the typed routes: what their handlers say of themselves, and what all of them share.
pub(super) fn describe_routes(paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let mut document = json!(described_routes().into_openapi());
    if let Some(Value::Object(described)) = document.pointer_mut("/components/schemas").map(Value::take) {
        schemas.extend(described);
    }
    let Some(Value::Object(described)) = document.get_mut("paths").map(Value::take) else { return };
    for (path, methods) in described {
        let entry = paths.entry(format!("{BASE}{path}")).or_insert_with(|| json!({}));
        let Value::Object(methods) = methods else { continue };
        for (method, mut operation) in methods {
            complete(&method, &mut operation);
            entry[&method] = operation;
        }
    }
}

/// Adds what every operation of the management API has: its tag, how its caller authenticates, and the statuses that follow
/// from its parameters and its body.
fn complete(method: &str, operation: &mut Value) {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let has = |place: &str| parameters.iter().any(|parameter| parameter["in"] == place);
    let mut others = vec![("403", "The key does not open the management API.")];
    if has("path") || parameters.iter().any(|parameter| parameter["name"] == "site") {
        others.push(("404", "There is no such thing."));
    }
    if has("header") {
        others.extend([ONCE, ("409", "Something stands against it, such as a name that is taken.")]);
    } else if method != "get" {
        others.push(("422", "What was asked for cannot be."));
    }
    if operation.get("requestBody").is_some() {
        others.extend(WITH_BODY);
        others.push(("404", "Something that the body names is not there."));
        operation["requestBody"]["required"] = json!(true);
    }
    operation["tags"] = json!(["Management"]);
    operation["security"] = json!([{ "d3key": [] }]);
    if !operation["parameters"].is_array() {
        operation["parameters"] = json!([]);
    }
    let succeeded = operation["responses"].as_object().and_then(|all| all.iter().next());
    let Some((status, success)) = succeeded.map(|(status, success)| (status.clone(), success.clone())) else { return };
    let content = success["content"].clone();
    operation["responses"] = responses(&status, "It was done.", &Value::Null, &others);
    operation["responses"][&status]["content"] = content;
}

fn describe_one(operation: &Operation, schemas: &mut Map<String, Value>) -> Value {
    let mut others = vec![("403", "The key does not open the management API.")];
    let mut parameters: Vec<Value> = operation
        .path
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(|name| {
            let schema = match name {
                "id" => json!({ "type": "integer", "minimum": 1, "maximum": i64::MAX }),
                _ => json!({ "type": "string", "pattern": r"^[^\u0000]*[^\s\u0000./\\][^\u0000]*$" }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    if !parameters.is_empty() {
        others.push(("404", "There is no such thing."));
    }
    for query in operation.query {
        parameters.push(json!({
            "name": query.name, "in": "query", "required": false, "description": query.about,
            "schema": (query.schema)(),
        }));
    }
    if operation.is_once() {
        parameters.push(idempotency_key());
        others.extend([ONCE, ("409", "Something stands against it, such as a name that is taken.")]);
    } else if operation.changes() {
        others.push(("422", "What was asked for cannot be."));
    }
    if operation.query.iter().any(|query| query.name == "site") {
        others.push(("404", "There is no such site."));
    }
    let mut described = json!({
        "operationId": operation.id,
        "tags": ["Management"],
        "summary": operation.summary,
        "security": [{ "d3key": [] }],
    });
    if let Some(body) = operation.body {
        others.extend(WITH_BODY);
        others.push(("404", "Something that the body names is not there."));
        let content = json!({ "application/json": { "schema": body(schemas) } });
        described["requestBody"] = json!({ "required": true, "content": content });
    }
    if operation.is_import() {
        others.extend(WITH_BODY);
        // Whatever is no row is named in the answer, so there is no body that the schema could forbid.
        let rows = json!({ "description": "Rows as an export writes them." });
        described["requestBody"] = json!({ "required": true, "content": written(&rows, &rows) });
    }
    let answer = (operation.answer)(schemas);
    described["parameters"] = json!(parameters);
    described["responses"] = responses(&operation.status.to_string(), "It was done.", &answer, &others);
    if operation.is_export() {
        described["responses"][operation.status.to_string()]["content"] =
            written(&answer, &json!({ "type": "string" }));
    }
    described
}

/// Rows in every format that files are written in, described as JSON and as text.
fn written(json: &Value, text: &Value) -> Value {
    let schema = |format| if format == Format::Json { json } else { text };
    let all = Format::ALL.iter().map(|format| (media_type(*format).to_owned(), json!({ "schema": schema(*format) })));
    Value::Object(all.collect())
}

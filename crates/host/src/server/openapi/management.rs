//! The operations of the management API.

use serde_json::{Map, Value, json};

use super::shared::{ONCE, WITH_BODY, idempotency_key, responses};
use crate::server::manage::{BASE, Operation, operations};

pub(super) fn describe(paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    for operation in operations() {
        let described = describe_one(operation, schemas);
        let path = paths.entry(format!("{BASE}{}", operation.path)).or_insert_with(|| json!({}));
        path[operation.method] = described;
    }
}

fn describe_one(operation: &Operation, schemas: &mut Map<String, Value>) -> Value {
    let mut others = vec![("403", "The key does not open the management API.")];
    let mut parameters: Vec<Value> = operation
        .path
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(|name| {
            let schema = json!({ "type": "string", "pattern": r"^[^\u0000]*[^\s\u0000./\\][^\u0000]*$" });
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
    if operation.changes() {
        parameters.push(idempotency_key());
        others.extend([ONCE, ("409", "Something stands against it, such as a name that is taken.")]);
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
    let answer = (operation.answer)(schemas);
    described["parameters"] = json!(parameters);
    described["responses"] = responses(&operation.status.to_string(), "It was done.", &answer, &others);
    described
}

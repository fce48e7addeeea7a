//! What all operations of the document share.

use serde_json::{Map, Value, json};

/// Schemas that several operations refer to.
pub(super) fn schemas() -> Map<String, Value> {
    let mut schemas = Map::new();
    schemas.insert(
        "Error".to_owned(),
        json!({
            "type": "object",
            "description": "Every answer but 200 and 201.",
            "properties": { "Error": { "type": "string", "description": "What was wrong, and what to do." } },
            "required": ["Error"],
            "additionalProperties": false,
        }),
    );
    schemas.insert(
        "Answer".to_owned(),
        json!({
            "type": "object",
            "description": "How a command ended.",
            "properties": {
                "error": { "type": "string", "description": "Why it failed; empty otherwise." },
                "returnData": { "enum": ["Successful", "Partially Successful", "Failed"] },
                "result": { "type": "string", "description": "An HTML table." },
                "contextData": { "type": "array", "items": { "type": "object" } },
                "rawData": { "description": "The vendor's reply; integration commands only." },
                "keyFields": { "description": "Values that other commands take; integration commands only." },
            },
            "required": ["error", "returnData"],
        }),
    );
    schemas.insert(
        "Plan".to_owned(),
        json!({
            "type": "object",
            "description": "What a bulk command would change.",
            "properties": {
                "command": { "type": "string", "description": "The command's name." },
                "items": {
                    "type": "array",
                    "description": "What would become of each item, in the order of the input.",
                    "items": {
                        "type": "object",
                        "properties": {
                            "item": { "type": "string", "description": "Its number." },
                            "changes": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "properties": {
                                        "field": { "type": "string" },
                                        "from": { "type": "string", "description": "Its value now." },
                                        "to": { "type": "string", "description": "Its value afterwards." },
                                    },
                                    "required": ["field", "from", "to"],
                                },
                            },
                            "error": { "type": "string", "description": "Why it would fail." },
                        },
                        "required": ["item"],
                    },
                },
                "fingerprint": { "type": "string", "description": "Stands for everything that the plan rests on." },
            },
            "required": ["command", "items", "fingerprint"],
        }),
    );
    schemas
}

/// The header of calls that are to be done once.
pub(super) fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Any text of the caller's own for this call, such as a UUID.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
    })
}

/// What `success` comes with, and every other status that can.
pub(super) fn responses(success: &str, description: &str, schema: &Value, others: &[(&str, &str)]) -> Value {
    let headers = || json!({ "X-Request-Id": { "schema": { "type": "string", "format": "uuid" } } });
    let mut responses = Map::new();
    responses.insert(
        success.to_owned(),
        json!({
            "description": description,
            "headers": headers(),
            "content": { "application/json": { "schema": schema } },
        }),
    );
    for (status, description) in others.iter().chain(&EVERYWHERE) {
        let mut headers = headers();
        if matches!(*status, "409" | "429" | "503") {
            headers["Retry-After"] = json!({ "schema": { "type": "integer", "minimum": 1 } });
        }
        responses.insert(
            (*status).to_owned(),
            json!({
                "description": description,
                "headers": headers,
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
            }),
        );
    }
    Value::Object(responses)
}

const EVERYWHERE: [(&str, &str); 6] = [
    ("400", "Something is missing or malformed."),
    ("401", "No valid key was shown."),
    ("405", "The method is another one."),
    ("429", "The key called too often."),
    ("500", "The host failed; its log says why under the request id."),
    ("503", "The host cannot take the call now."),
];

/// What else a call with a body can be answered.
pub(super) const WITH_BODY: [(&str, &str); 3] =
    [("408", "The body did not arrive in time."), ("413", "The body is too long."), ("415", "The body is not JSON.")];

/// What else a call under an Idempotency-Key can be answered.
pub(super) const ONCE: (&str, &str) =
    ("422", "The Idempotency-Key was sent with another call before, or what was asked for cannot be.");

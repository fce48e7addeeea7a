//! The common parts of all operations in the document.

use serde_json::{Map, Value, json};

/// Schemas that several operations refer to.
pub(super) fn schemas() -> Map<String, Value> {
    let mut schemas = Map::new();
    schemas.insert(
        "Error".to_owned(),
        json!({
            "type": "object",
            "description": "Every answer with a status other than 200 and 201.",
            "properties": {
                "Error": { "type": "string", "description": "The problem and the cure." },
                "goOnFrom": {
                    "type": "integer", "format": "int64",
                    "description": "Only with 410: the number after which the log of changes of findings goes on.",
                },
            },
            "required": ["Error"],
            "additionalProperties": false,
        }),
    );
    schemas.insert(
        "Answer".to_owned(),
        json!({
            "type": "object",
            "description": "The answer of a command.",
            "properties": {
                "error": { "type": "string", "description": "The error; empty for a successful command." },
                "returnData": {
                    "enum": ["Successful", "Partially Successful", "Failed", "Running"],
                    "description": "Running if the command's work goes on in the product. The run has the result later.",
                },
                "run": { "type": "integer", "description": "The run whose work goes on in the product." },
                "following": { "type": "object", "description": "How far the work is that goes on." },
                "followToken": {
                    "type": "string",
                    "description": "The value with which the command follows the work again, in a run of its own.",
                },
                "message": { "type": "string", "description": "What goes on, and where its result will be." },
                "result": { "type": "string", "description": "An HTML table." },
                "contextData": { "type": "array", "items": { "type": "object" } },
                "rawData": { "description": "The vendor's reply; integration commands only." },
                "keyFields": { "description": "Values that other commands take; integration commands only." },
                "errorDetails": {
                    "description": "The parts of the error with code, cause and cure; failed integration commands only.",
                    "type": "object",
                },
            },
            "required": ["error", "returnData"],
        }),
    );
    schemas.insert(
        "Plan".to_owned(),
        json!({
            "type": "object",
            "description": "The changes that a bulk command would make.",
            "properties": {
                "command": { "type": "string", "description": "The command's name." },
                "items": {
                    "type": "array",
                    "description": "The changes of each item, in the order of the input.",
                    "items": {
                        "type": "object",
                        "properties": {
                            "item": { "type": "string", "description": "The item's number." },
                            "changes": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "properties": {
                                        "field": { "type": "string" },
                                        "from": { "type": "string", "description": "The present value." },
                                        "to": { "type": "string", "description": "The value after the change." },
                                    },
                                    "required": ["field", "from", "to"],
                                },
                            },
                            "error": { "type": "string", "description": "The error that the item would have." },
                        },
                        "required": ["item"],
                    },
                },
                "fingerprint": { "type": "string", "description": "The fingerprint of the plan's basis." },
            },
            "required": ["command", "items", "fingerprint"],
        }),
    );
    schemas
}

/// The header that makes a call idempotent.
pub(super) fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "A text that the caller chooses for this call, such as a UUID.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
    })
}

/// The response for `success`, and the responses for all other possible statuses.
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
    ("401", "The call has no valid key."),
    ("405", "The method is not allowed."),
    ("429", "The key exceeded its rate limit."),
    ("500", "The host failed. The host's log has the cause under the request id."),
    ("503", "The host cannot accept the call now."),
];

/// The further statuses of a call with a body.
pub(super) const WITH_BODY: [(&str, &str); 3] =
    [("408", "The body did not arrive in time."), ("413", "The body is too long."), ("415", "The body is not JSON.")];

/// The further status of a call under an Idempotency-Key.
pub(super) const ONCE: (&str, &str) =
    ("422", "The Idempotency-Key was used for another call before, or the request is not valid.");

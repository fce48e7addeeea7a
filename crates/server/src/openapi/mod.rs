//! The OpenAPI 3.1 document: commands from their manifests, the management API from its operations.

mod command;
mod input;
mod management;
mod shared;

use serde_json::{Map, Value, json};

use soar_host::commands::CommandRegistry;
use soar_host::settings::HostSettings;

/// The document for a host with these settings and commands.
#[must_use]
pub fn openapi(settings: &HostSettings, commands: &CommandRegistry) -> Value {
    let mut schemas = shared::schemas();
    let mut paths = Map::new();
    command::describe(settings, commands, &mut paths);
    management::describe(settings, &mut paths, &mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "SOAR host",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "D3's Command API, and the management API of the host. Every answer has the header \
                            X-Request-Id. Under an Idempotency-Key the same call of the same user is done once, and \
                            repeats get the same answer for 24 hours unless the host's settings give another time. A change of \
                            the management API whose description does not have the header refuses it.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "Utility commands", "description": "The host's own commands, which work on incidents and cases." },
            { "name": "Integration commands", "description": "Commands of connectors, which run on connections." },
            { "name": "Management", "description":
                "The host's sites, users, keys, connections, runs, incidents, cases and audit log; for administrators' \
                 keys that may manage. An API key that may not manage reads the findings that its owner may see, unless \
                 it is limited to commands. Times are in milliseconds since 1970." },
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "d3key": { "type": "apiKey", "in": "header", "name": "d3key", "description": "An API key." },
                "d3jwt": {
                    "type": "apiKey", "in": "header", "name": "d3jwt",
                    "description": "A JSON web token (HS256) with the claims Username and exp; off unless the host's \
                                    settings have enable-enhance-webhook-authentication.",
                },
            },
        },
    })
}

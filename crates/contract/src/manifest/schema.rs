//! JSON Schemas of the two kinds of manifest file, so that editors help to write them.

use schemars::{JsonSchema, schema_for};
use serde_json::Value;

use super::{Command, ConnectorManifest};

/// The JSON Schema of a connector's file.
#[must_use]
pub fn connector_schema() -> Value {
    schema::<ConnectorManifest>()
}

/// The JSON Schema of a command's file.
#[must_use]
pub fn command_schema() -> Value {
    schema::<Command>()
}

fn schema<T: JsonSchema>() -> Value {
    schema_for!(T).to_value()
}

//! The JSON Schema of an outcome.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use crate::error::CommandError;
use crate::outcome::{Outcome, Receipt, ReturnData, Warning};
use crate::table::Table;

/// The members of an outcome as JSON.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used: an outcome is serialised without copies")]
struct OutcomeMembers {
    /// Whether the command was successful.
    return_data: ReturnData,
    /// The result table; without rows if the command failed.
    result: Table,
    /// The values that other commands take, by the name of the key field.
    key_fields: BTreeMap<String, Vec<Value>>,
    /// The rows of the result table as objects, from column to value.
    context_data: Vec<Map<String, Value>>,
    /// The product's JSON: one reply, or a list of replies if there were several pages; null if there is none.
    raw_data: Value,
    /// The error of a failed command.
    error: Option<CommandError>,
    /// The command's requests and rows.
    receipt: Receipt,
    /// The deviations from the call that did not end the command.
    warnings: Vec<Warning>,
}

impl JsonSchema for Outcome {
    fn schema_name() -> Cow<'static, str> {
        "Outcome".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = OutcomeMembers::json_schema(generator);
        schema.insert("description".to_owned(), "The outcome of a command.".into());
        schema
    }
}

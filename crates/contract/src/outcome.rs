//! The outcome of a command: the tabs of the Test Result window, as data.

use std::time::Duration;

use schemars::JsonSchema;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::CommandError;
use crate::manifest::Command;
use crate::page::ReplyPage;
use crate::table::Table;

/// Whether a command reached its aim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum ReturnData {
    /// The command did or read everything that was asked for.
    Successful,
    /// The command failed. The outcome's error has the reason.
    Failed,
}

/// A deviation from the call that did not end the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// Stable, kebab-case, such as `scanner-id-ignored`.
    pub code: String,
    /// The deviation and its reason.
    pub message: String,
}

/// The command's requests and rows. It proves whether a list is whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The execution's id, also in logs and in the run history.
    pub request_id: String,
    /// The host's proxy agent that it went through; the host fills this in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The number of pages read.
    pub pages: u64,
    /// The number of rows read.
    pub rows: u64,
    /// The total number of pages according to the server; null if unknown.
    pub total_pages: Option<u64>,
    /// The total number of rows on all pages according to the server; null if unknown.
    pub total_rows: Option<u64>,
    /// The number of repeated rows that were dropped. Rows repeat if the list shifts while it is read.
    pub duplicates_dropped: u64,
    /// A description of the rows missing from a list that was to be read whole; null if none are missing.
    pub missing: Option<String>,
    /// The number of HTTP requests sent, logins included.
    pub requests: u64,
    /// The number of requests that repeated a failed one.
    pub retries: u64,
    /// The duration of the command in milliseconds.
    #[serde(rename = "elapsedMs", serialize_with = "milliseconds", deserialize_with = "of_milliseconds")]
    #[schemars(with = "u64")]
    pub elapsed: Duration,
}

fn of_milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

pub(crate) fn milliseconds<S: Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

/// How a command ended, without its rows, which went to the sink.
#[derive(Debug, Clone)]
pub struct Conclusion {
    /// Why it failed; `None` when it is Successful.
    pub error: Option<CommandError>,
    /// The counts of pages, rows and requests.
    pub receipt: Receipt,
    /// Warnings to the caller.
    pub warnings: Vec<Warning>,
}

/// The values of one key field, such as all device ids.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyFieldValues {
    /// The field's name in the manifest.
    pub name: String,
    /// Its values, in the rows' order.
    pub values: Vec<Value>,
}

impl KeyFieldValues {
    /// The key fields of `command`, with no values yet.
    #[must_use]
    pub fn of(command: &Command) -> Vec<Self> {
        command.key_fields.iter().map(|field| Self { name: field.name.clone(), values: Vec::new() }).collect()
    }
}

/// The product's JSON, byte for byte.
#[derive(Debug, Clone)]
pub enum RawData {
    /// No body came, or none that may be shown.
    None,
    /// One reply.
    One(Box<RawValue>),
    /// One entry per page.
    Pages(Vec<Box<RawValue>>),
}

impl RawData {
    /// The raw data of the pages read, in order.
    #[must_use]
    pub fn of(pages: Vec<ReplyPage>) -> Self {
        let mut bodies: Vec<_> = pages.into_iter().filter_map(ReplyPage::into_raw).collect();
        match bodies.len() {
            0 => Self::None,
            1 => Self::One(bodies.remove(0)),
            _ => Self::Pages(bodies),
        }
    }
}

impl Serialize for RawData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_none(),
            Self::One(body) => body.serialize(serializer),
            Self::Pages(bodies) => bodies.serialize(serializer),
        }
    }
}

/// All that a command gave; serialises to the tabs of the Test Result window.
///
/// JSON: `returnData`, `result` (`columns`, `rows`), `keyFields` (name to values), `contextData` (the table's rows as
/// objects), `rawData`, `error`, `receipt`, `warnings`.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Successful or Failed.
    pub return_data: ReturnData,
    /// The result table; empty when Failed.
    pub result: Table,
    /// Values that other commands take, in the manifest's order.
    pub key_fields: Vec<KeyFieldValues>,
    /// The product's replies, untouched.
    pub raw_data: RawData,
    /// Why it failed.
    pub error: Option<CommandError>,
    /// The counts of pages, rows and requests.
    pub receipt: Receipt,
    /// Warnings to the caller.
    pub warnings: Vec<Warning>,
}

impl Outcome {
    /// Whether the command was Successful.
    #[must_use]
    pub fn is_successful(&self) -> bool {
        self.return_data == ReturnData::Successful
    }
}

/// Key fields as one JSON object, in their order.
pub(crate) struct KeyFieldMap<'a>(pub(crate) &'a [KeyFieldValues]);

impl Serialize for KeyFieldMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for field in self.0 {
            map.serialize_entry(&field.name, &field.values)?;
        }
        map.end()
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(8))?;
        map.serialize_entry("returnData", &self.return_data)?;
        map.serialize_entry("result", &self.result)?;
        map.serialize_entry("keyFields", &KeyFieldMap(&self.key_fields))?;
        map.serialize_entry("contextData", &self.result.context_data())?;
        map.serialize_entry("rawData", &self.raw_data)?;
        map.serialize_entry("error", &self.error)?;
        map.serialize_entry("receipt", &self.receipt)?;
        map.serialize_entry("warnings", &self.warnings)?;
        map.end()
    }
}

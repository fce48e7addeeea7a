//! The parameters and outcomes that the run history stores: without secrets, and limited in size.

use std::io;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, json};
use soar_connector::{Outcome, Parameters, Redactor};

/// The limit for the stored parameters of a run, in bytes of JSON.
const MOST_PARAMETERS: usize = 16 * 1024;

/// The parameters with the connection's secrets masked. Without a `redactor` the secrets are not known, so only the
/// names are stored.
pub(super) fn parameters(given: &Parameters, redactor: Option<&Redactor>) -> String {
    let omitted = || json!({"[omitted]": "too much to keep"}).to_string();
    match redactor {
        Some(redactor) => bounded(given, MOST_PARAMETERS).and_then(|text| clean(text, redactor)),
        None => {
            let names: Map<_, _> = given.names().map(|name| (name.to_owned(), "[not kept]".into())).collect();
            bounded(&names, MOST_PARAMETERS)
        }
    }
    .unwrap_or_else(omitted)
}

/// The outcome as JSON of at most `limit` bytes. Raw data, rows and key fields are left out, in this order, until it
/// fits. An outcome that is not whole has none of them.
pub(super) fn outcome(outcome: &Outcome, is_whole: bool, redactor: &Redactor, limit: usize) -> String {
    let bare = || json!({"returnData": outcome.return_data, "omitted": ["everything else"]}).to_string();
    let rows = if is_whole { outcome.result.rows.len() as u64 } else { outcome.receipt.rows };
    let least = if is_whole { 0 } else { PARTS.len() };
    (least..=PARTS.len())
        .find_map(|left_out| bounded(&KeptOutcome { outcome, rows, left_out }, limit))
        .and_then(|text| clean(text, redactor))
        .unwrap_or_else(bare)
}

/// The parts to leave out of an outcome, in this order.
const PARTS: [&str; 3] = ["rawData", "contextData", "keyFields"];

struct KeptOutcome<'a> {
    outcome: &'a Outcome,
    rows: u64,
    left_out: usize,
}

impl Serialize for KeptOutcome<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { outcome, rows, left_out } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("returnData", &outcome.return_data)?;
        map.serialize_entry("error", &outcome.error)?;
        map.serialize_entry("errorTab", &outcome.error.as_ref().map(ToString::to_string))?;
        map.serialize_entry("warnings", &outcome.warnings)?;
        map.serialize_entry("rows", rows)?;
        if *left_out < 3 {
            let fields: Vec<_> =
                outcome.key_fields.iter().map(|field| json!({"name": field.name, "values": field.values})).collect();
            map.serialize_entry("keyFields", &fields)?;
        }
        if *left_out < 2 {
            map.serialize_entry("contextData", &outcome.result.context_data())?;
        }
        if *left_out < 1 {
            map.serialize_entry("rawData", &outcome.raw_data)?;
        }
        map.serialize_entry("omitted", &PARTS[..*left_out])?;
        map.end()
    }
}

/// `text` with secrets masked; `None` where the result is not valid JSON.
fn clean(text: String, redactor: &Redactor) -> Option<String> {
    let text = redactor.clean(&text).into_owned();
    serde_json::from_str::<&RawValue>(&text).is_ok().then_some(text)
}

/// `value` as JSON; `None` where it is longer than `limit` bytes. Serialisation stops at the limit.
fn bounded(value: &impl Serialize, limit: usize) -> Option<String> {
    let mut writer = Bounded { bytes: Vec::new(), limit };
    serde_json::to_writer(&mut writer, value).ok()?;
    String::from_utf8(writer.bytes).ok()
}

struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

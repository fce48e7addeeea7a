//! One line of standard output: the outcome of a request.

use schemars::JsonSchema;
use serde::Serialize;
use soar_connector::{Collector, Command, Conclusion, ExecutionContext, Outcome, Receipt};

use super::fault::Fault;
use super::request::Id;

/// The answer to a line.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "A line of standard output of footprint exec", deny_unknown_fields)]
pub(super) struct Answer {
    /// The id of the request; null if none can be read.
    #[schemars(schema_with = "id_schema")]
    pub(super) id: Option<Id>,
    /// The number of the line that is answered, counted from 1.
    pub(super) line: u64,
    /// The outcome of the request.
    pub(super) outcome: Outcome,
}

fn id_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["string", "integer", "null"]})
}

impl Answer {
    /// The answer as one line, with its line break.
    pub(super) fn into_line(self) -> Vec<u8> {
        let mut bytes = match serde_json::to_vec(&self) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "an answer could not be serialised");
                return Vec::new();
            }
        };
        // The product's own JSON may have line breaks. They stand between tokens only, where blanks can replace them.
        // Each byte is written, so that the compiler handles many at once: answers are large.
        for byte in &mut bytes {
            *byte = if matches!(*byte, b'\n' | b'\r') { b' ' } else { *byte };
        }
        bytes.push(b'\n');
        bytes
    }
}

/// The outcome of a request that ended in `fault`.
pub(super) fn failed(fault: &Fault, command: Option<&Command>) -> Outcome {
    let receipt = Receipt { request_id: ExecutionContext::new().request_id, ..Receipt::default() };
    let error = Some(fault.error(command));
    Collector::new(None, 0).finish(Conclusion { error, receipt, warnings: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_line_whatever_line_breaks_the_product_sends() {
        let body = serde_json::value::RawValue::from_string("{\n \"a\": \"x\\ny\"\r\n}".to_owned()).unwrap();
        let mut outcome = failed(&Fault::Panicked, None);
        outcome.raw_data = soar_connector::RawData::One(body);
        let line = Answer { id: Some(Id::Number(1)), line: 1, outcome }.into_line();
        assert_eq!(line.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count(), 1);
        let read: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(read["outcome"]["rawData"]["a"], "x\ny");
    }
}

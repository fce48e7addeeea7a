//! One line of standard output: the outcome of a request.

use schemars::JsonSchema;
use serde::Serialize;
use soar_connector::{Collector, Command, Conclusion, ExecutionContext, Outcome, Receipt};

use super::fault::LineProblem;
use super::request::RequestId;

/// The bytes that most answers with one page of rows take at most.
const OF_A_PAGE: usize = 32 * 1024;

/// The answer to a line.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "A line of standard output of footprint exec", deny_unknown_fields)]
pub(super) struct AnswerLine {
    /// The id of the request; null if none can be read.
    #[schemars(schema_with = "id_schema")]
    pub(super) id: Option<RequestId>,
    /// The number of the line that is answered, counted from 1.
    pub(super) line: u64,
    /// The outcome of the request.
    pub(super) outcome: Outcome,
}

fn id_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["string", "integer", "null"]})
}

impl AnswerLine {
    /// The answer as one line, with its line break.
    pub(super) fn into_line(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(if self.outcome.result.rows.is_empty() { 0 } else { OF_A_PAGE });
        if let Err(error) = serde_json::to_writer(&mut bytes, &self) {
            tracing::error!(%error, "an answer could not be serialised");
            return Vec::new();
        }
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
pub(super) fn failed(fault: &LineProblem, command: Option<&Command>) -> Outcome {
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
        let mut outcome = failed(&LineProblem::Panicked, None);
        outcome.raw_data = soar_connector::RawData::One(body);
        let line = AnswerLine { id: Some(RequestId::Number(1)), line: 1, outcome }.into_line();
        assert_eq!(line.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count(), 1);
        let read: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(read["outcome"]["rawData"]["a"], "x\ny");
    }
}

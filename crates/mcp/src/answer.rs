//! The answer of a command, as its surfaces serialise it.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Problem;

/// The answer of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub(crate) rows: Vec<Map<String, Value>>,
    pub(crate) key_fields: Map<String, Value>,
    pub(crate) warnings: Vec<Value>,
    pub(crate) receipt: Map<String, Value>,
    pub(crate) error: Option<Problem>,
}

/// The members of an outcome, and of an answer of the Command API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    return_data: String,
    #[serde(default)]
    context_data: Option<Vec<Map<String, Value>>>,
    #[serde(default)]
    key_fields: Map<String, Value>,
    #[serde(default)]
    warnings: Vec<Value>,
    #[serde(default)]
    receipt: Map<String, Value>,
    /// An outcome has the parts of the error here, the Command API its text.
    #[serde(default)]
    error: Value,
    /// The parts of the error of an answer of the Command API.
    #[serde(default)]
    error_details: Option<Problem>,
}

impl Answer {
    /// Reads an outcome or an answer of the Command API.
    ///
    /// # Errors
    /// [`Problem`] when it is neither.
    pub fn read(json: &[u8]) -> Result<Self, Problem> {
        let unreadable = |problem: String| {
            let cure = "Report it to the maintainers of the host.";
            Problem::new("unreadable-answer", problem, "The command's answer has an unexpected form.", cure)
        };
        let wire: Wire = serde_json::from_slice(json).map_err(|error| unreadable(error.to_string()))?;
        let error = match (wire.error_details, wire.error) {
            (Some(details), _) => Some(details),
            (None, error @ Value::Object(_)) => {
                Some(serde_json::from_value(error).map_err(|error| unreadable(error.to_string()))?)
            }
            (None, Value::String(text)) if !text.is_empty() => Some(refused(text)),
            _ if wire.return_data == "Failed" => Some(refused("The command failed.".to_owned())),
            _ => None,
        };
        let Wire { context_data, key_fields, warnings, receipt, .. } = wire;
        Ok(Self { rows: context_data.unwrap_or_default(), key_fields, warnings, receipt, error })
    }

    /// The number of pages or rows according to the product.
    pub(crate) fn total(&self, of: &str) -> Option<u64> {
        self.receipt.get(of).and_then(Value::as_u64)
    }
}

fn refused(text: String) -> Problem {
    Problem::new("refused", text, "The host did not run the command.", "Do what the message says.")
}

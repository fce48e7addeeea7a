//! The answer of a command, as its surfaces serialise it.

use serde::Deserialize;
use serde::Serialize;
use serde_json::{Map, Value};
use soar_connector::{CommandError, Outcome};

use crate::Problem;

/// The answer of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolAnswer {
    pub(crate) rows: Vec<Map<String, Value>>,
    pub(crate) key_fields: Map<String, Value>,
    pub(crate) warnings: Vec<Value>,
    pub(crate) receipt: Map<String, Value>,
    pub(crate) error: Option<Problem>,
}

/// The members of an outcome, and of an answer of the Command API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireOutcome {
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
    /// What goes on, if the command's work goes on in the product.
    #[serde(default)]
    message: String,
    /// The token with which the command follows such work again.
    #[serde(default)]
    follow_token: String,
    /// The parts of the error of an answer of the Command API.
    #[serde(default)]
    error_details: Option<Problem>,
}

impl ToolAnswer {
    /// The answer of a command in this process.
    ///
    /// # Errors
    /// [`Problem`] when the outcome cannot be serialised.
    pub fn of(outcome: Outcome) -> Result<Self, Problem> {
        let Outcome { result, key_fields, error, receipt, warnings, .. } = outcome;
        let columns = result.columns;
        let row = |cells: Vec<Value>| columns.iter().cloned().zip(cells).collect();
        let Value::Object(receipt) = json(&receipt)? else { return Err(unreadable("The receipt is no object.")) };
        Ok(Self {
            rows: result.rows.into_iter().map(row).collect(),
            key_fields: key_fields.into_iter().map(|field| (field.name, field.values.into())).collect(),
            warnings: warnings.iter().map(json).collect::<Result<_, _>>()?,
            receipt,
            error: error.map(Problem::of),
        })
    }

    /// Reads an answer of the Command API, or an outcome.
    ///
    /// # Errors
    /// [`Problem`] when it is neither.
    pub fn read(json: &[u8]) -> Result<Self, Problem> {
        let wire: WireOutcome = serde_json::from_slice(json).map_err(|error| unreadable(error.to_string()))?;
        let error = match (wire.error_details, wire.error) {
            (Some(details), _) => Some(details),
            (None, error @ Value::Object(_)) => {
                Some(serde_json::from_value(error).map_err(|error| unreadable(error.to_string()))?)
            }
            (None, Value::String(text)) if !text.is_empty() => Some(refused(text)),
            _ if wire.return_data == "Running" => Some(still_running(wire.message, &wire.follow_token)),
            _ if wire.return_data == "Failed" => Some(refused("The command failed.".to_owned())),
            _ => None,
        };
        let WireOutcome { context_data, key_fields, warnings, receipt, .. } = wire;
        Ok(Self { rows: context_data.unwrap_or_default(), key_fields, warnings, receipt, error })
    }

    /// The number of pages or rows according to the product.
    pub(crate) fn total(&self, of: &str) -> Option<u64> {
        self.receipt.get(of).and_then(Value::as_u64)
    }
}

fn json(value: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| unreadable(error.to_string()))
}

fn unreadable(problem: impl Into<String>) -> Problem {
    let cure = "Report it to the maintainers.";
    Problem::new("unreadable-answer", problem, "The command's answer has an unexpected form.", cure)
}

impl Problem {
    /// The error of a command.
    fn of(error: CommandError) -> Self {
        let CommandError { status_code, message, code, cause, cure, retryable, .. } = error;
        Self { code, message, cause, cure, retryable, status_code: Some(status_code.to_string().into()) }
    }
}

fn still_running(message: String, token: &str) -> Problem {
    let cause = "The work that the command started is not over.";
    let cure = format!(
        "Call the tool with the same connection, site and tenant, and with \"follow\": {token:?}. It follows the same \
         work, and starts nothing."
    );
    Problem::new("still-running", message, cause, &cure)
}

fn refused(text: String) -> Problem {
    Problem::new("refused", text, "The host did not run the command.", "Do what the message says.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_goes_on_is_no_result_and_the_cure_has_the_token() {
        let answer = br#"{"error":"","returnData":"Running","run":7,"message":"It goes on.","followToken":"abc"}"#;
        let problem = ToolAnswer::read(answer).unwrap().error.unwrap();
        assert_eq!((problem.code.as_str(), problem.message.as_str()), ("still-running", "It goes on."));
        assert!(!problem.retryable && problem.cure.contains(r#""follow": "abc""#), "{problem:?}");
    }
}

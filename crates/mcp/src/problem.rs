//! The error of a tool: code, message, cause and cure.

use serde::{Deserialize, Serialize};
use soar_connector::ParameterProblems;

/// The reason for which a tool has no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The stable code, in kebab-case.
    pub code: String,
    /// The description of this failure. It may have the product's own words.
    pub message: String,
    /// The cause.
    pub cause: String,
    /// The cure.
    pub cure: String,
    /// Whether the same call may succeed later with nothing changed.
    #[serde(default)]
    pub retryable: bool,
    /// The product's HTTP status, or `N/A`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<Box<str>>,
}

impl Problem {
    /// A problem that a repeat of the call does not solve.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>, cause: &str, cure: &str) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            cause: cause.to_owned(),
            cure: cure.to_owned(),
            retryable: false,
            status_code: None,
        }
    }

    /// The same, for a call that may succeed later.
    #[must_use]
    pub fn retryable(self) -> Self {
        Self { retryable: true, ..self }
    }

    /// The connection is not among the caller's connections.
    #[must_use]
    pub fn no_connection(message: impl Into<String>) -> Self {
        let cause = "The caller has no connection with exactly this name on exactly this site.";
        Self::new("unknown-connection", message, cause, "Take connection and site from the tool connections.")
    }

    pub(crate) fn arguments(message: impl Into<String>) -> Self {
        let cure = "Correct what the message names. The tool describe-command describes each parameter.";
        Self::new("invalid-argument", message, "The tool does not take these arguments.", cure)
    }

    pub(crate) fn parameters(problems: &ParameterProblems) -> Self {
        Self { code: problems.code().to_owned(), ..Self::arguments(problems.to_string()) }
    }
}

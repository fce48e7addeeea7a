//! Why a command cannot go on, as a handler says it. The manifest adds cause and cure.

use crate::error::{CommandError, StatusCode};
use crate::manifest::{Command, Manifest};

/// Why a command cannot go on. The manifest's entry for it says cause and cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status of the answer, if one came.
    pub status: Option<u16>,
    /// The manifest's error code. With `None` the status decides.
    pub code: Option<&'static str>,
    /// The text of the Error tab's Message.
    pub message: String,
}

impl Failure {
    /// A failure that the product's status names.
    #[must_use]
    pub fn of_status(status: u16, message: impl Into<String>) -> Self {
        Self { status: Some(status), code: None, message: message.into() }
    }

    /// A failure with a code of its own.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: None, code: Some(code), message: message.into() }
    }

    /// The same failure, with the status of the answer that it was found in.
    #[must_use]
    pub fn at(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Whether the product answered with one of `statuses`.
    #[must_use]
    pub fn has_status(&self, statuses: &[u16]) -> bool {
        self.code.is_none() && self.status.is_some_and(|status| statuses.contains(&status))
    }
}

impl Manifest {
    /// The Error tab of a `failure` of `command`, or of a call of an unknown command if that is `None`.
    #[must_use]
    pub fn error_tab(&self, command: Option<&Command>, failure: Failure) -> CommandError {
        let indicator = command.map_or_else(|| "The command failed.".to_owned(), Command::failure_indicator);
        self.error_tab_under(indicator, command, failure)
    }

    /// The same under another first line than the command's.
    #[must_use]
    pub fn error_tab_under(
        &self,
        failure_indicator: String,
        command: Option<&Command>,
        failure: Failure,
    ) -> CommandError {
        let by_code = |code| self.error(command, code);
        let entry = match (failure.code, failure.status) {
            (Some(code), _) => by_code(code),
            (None, Some(status)) => self.error_of_status(command, status).or_else(|| by_code("unexpected-status")),
            (None, None) => None,
        };
        let code = entry.map_or(failure.code.unwrap_or("unexpected-status"), |entry| &entry.code);
        CommandError {
            failure_indicator,
            status_code: StatusCode(failure.status),
            message: failure.message,
            code: code.to_owned(),
            cause: entry.map(|entry| entry.cause.clone()).unwrap_or_default(),
            cure: entry.map(|entry| entry.cure.clone()).unwrap_or_default(),
            retryable: entry.is_some_and(|entry| entry.retryable),
        }
    }
}

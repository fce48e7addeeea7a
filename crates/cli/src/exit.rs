//! The exit code of the process: 0 Successful, 1 Failed, 2 wrong use.

use std::io;
use std::process::ExitCode;

use soar_connector::{CommandError, Outcome};

use crate::printer::Printer;
pub(crate) use crate::wrong_use::WrongUse;

/// The exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Successful,
    Failed,
    WrongUse,
}

/// Error codes of an outcome that mean wrong use, not a failure.
const WRONG_USE: [&str; 4] = ["unknown-command", "unknown-parameter", "missing-parameter", "invalid-parameter"];

impl Exit {
    /// The exit code of a run of the program. Prints its error, if a person is to read it.
    pub(crate) fn of(ended: anyhow::Result<Self>, printer: &mut Printer) -> Self {
        let error = match ended {
            Ok(exit) => return exit,
            Err(error) => error,
        };
        if is_closed_pipe(&error) {
            // The reader of the output, such as `head`, has stopped reading.
            return Self::Successful;
        }
        printer.error(&with_causes(&error));
        if error.is::<WrongUse>() { Self::WrongUse } else { Self::Failed }
    }

    /// The exit code of an outcome.
    pub(crate) fn of_outcome(outcome: &Outcome) -> Self {
        Self::of_error(outcome.error.as_ref())
    }

    /// The exit code of a command's end.
    pub(crate) fn of_error(error: Option<&CommandError>) -> Self {
        match error {
            None => Self::Successful,
            Some(error) if WRONG_USE.contains(&error.code.as_str()) => Self::WrongUse,
            Some(_) => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Successful => Self::SUCCESS,
            Exit::Failed => Self::FAILURE,
            Exit::WrongUse => Self::from(2),
        }
    }
}

/// The error and its causes. A cause that the error's own text contains is not repeated.
fn with_causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(cause.trim_end_matches('.')) {
            text = format!("{}: {cause}", text.trim_end_matches('.'));
        }
    }
    text
}

/// Whether the reader of the output has gone.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cause_is_repeated() {
        let cause = || anyhow::anyhow!("No space left on device.");
        assert_eq!(
            with_causes(&cause().context("The file cannot be written")),
            "The file cannot be written: No space left on device."
        );
        assert_eq!(
            with_causes(&cause().context("It failed: No space left on device")),
            "It failed: No space left on device"
        );
    }
}

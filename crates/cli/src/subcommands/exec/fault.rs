//! The errors of `footprint exec` itself. A connector's errors come from its manifest.

use soar_connector::manifest::Effect;
use soar_connector::{Command, CommandError, StatusCode, sentence};

/// The reason for which a line has no outcome of a connector.
#[derive(Debug, Clone)]
pub(super) enum LineProblem {
    /// The line is no request.
    BrokenLine(String),
    /// The line is longer than this many bytes.
    LongLine(usize),
    /// A request with this id is under way.
    DuplicateId,
    /// No request with this id is under way.
    NotUnderWay,
    /// Neither the line, nor an earlier line, nor the environment names a connection.
    NoConnection(String),
    /// The settings cannot be used.
    Settings(String),
    /// The request was cancelled; `true` if it had begun.
    Cancelled(bool),
    /// The command has a defect.
    Panicked,
}

impl LineProblem {
    /// The Error tab.
    pub(super) fn error(&self, command: Option<&Command>) -> CommandError {
        let only_reads = command.is_none_or(|command| command.effect == Effect::Read);
        let (code, message, cause, cure) = match self {
            Self::BrokenLine(problem) => (
                "broken-line",
                problem.clone(),
                "The line is no request.",
                "Write one JSON object per line. `footprint exec --schema request` prints its schema.",
            ),
            Self::LongLine(limit) => (
                "line-too-long",
                format!("The line is longer than {limit} bytes"),
                "Lines have a limit. The rest of this line was skipped.",
                "Write shorter lines, and each request on a line of its own.",
            ),
            Self::DuplicateId => (
                "duplicate-id",
                "A request with this id is under way".to_owned(),
                "Each request under way needs an id of its own.",
                "Use another id, or wait for the answer to the first request.",
            ),
            Self::NotUnderWay => (
                "not-under-way",
                "No request with this id is under way".to_owned(),
                "The request to cancel was answered already, or was never sent.",
                "Look for its answer.",
            ),
            Self::NoConnection(problem) => (
                "no-connection",
                problem.clone(),
                "No connection is known for the request.",
                "Give settings or a profile in the request or in a line before it, or start footprint exec with a \
                 connection.",
            ),
            Self::Settings(problem) => (
                "invalid-settings",
                problem.clone(),
                "The connection cannot be used with these settings.",
                "Correct what the message names.",
            ),
            Self::Cancelled(false) => (
                "cancelled",
                "The request was cancelled before it began".to_owned(),
                "The client cancelled it, or footprint exec was told to end.",
                "Nothing was sent. Send the request again.",
            ),
            Self::Cancelled(true) => (
                "cancelled",
                "The command was cancelled".to_owned(),
                "The client cancelled it, or footprint exec was told to end.",
                if only_reads {
                    "It changes nothing. Send the request again."
                } else {
                    "It may have been carried out. Check in the product before you send the request again."
                },
            ),
            Self::Panicked => (
                "internal-error",
                "The command panicked".to_owned(),
                "The command has a defect.",
                "Report the request and the text on standard error to the maintainers.",
            ),
        };
        let is_retryable = match self {
            Self::Cancelled(begun) => !begun || only_reads,
            _ => false,
        };
        CommandError {
            failure_indicator: command.map_or_else(|| "The request failed.".to_owned(), Command::failure_indicator),
            status_code: StatusCode(None),
            message: sentence(&message),
            code: code.to_owned(),
            cause: cause.to_owned(),
            cure: cure.to_owned(),
            retryable: is_retryable,
        }
    }
}

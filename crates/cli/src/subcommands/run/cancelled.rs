//! The end of a command that Ctrl-C interrupted in this process.

use soar_connector::manifest::Effect;
use soar_connector::{Command, CommandError, Conclusion, Receipt, StatusCode};

pub(super) fn cancelled(command: &Command, receipt: Receipt) -> Conclusion {
    let cure = match command.effect {
        Effect::Write => "It may have been carried out: check in Footprint before you run it again.",
        Effect::Read => "It changes nothing: run it again.",
    };
    let error = CommandError {
        failure_indicator: command.failure_indicator(),
        status_code: StatusCode(None),
        message: "The command was cancelled.".to_owned(),
        code: "cancelled".to_owned(),
        cause: "It was interrupted at this terminal.".to_owned(),
        cure: cure.to_owned(),
        retryable: command.effect == Effect::Read,
    };
    Conclusion { error: Some(error), receipt, warnings: Vec::new() }
}

//! The end of a command that Ctrl-C interrupted in this process.

use soar_connector::manifest::Effect;
use soar_connector::name::normalised;
use soar_connector::{Command, CommandError, Conclusion, FollowToken, Receipt, StatusCode};

/// The end of an interrupted command. Work that it followed goes on, and can be followed again with its token.
pub(super) fn cancelled(command: &Command, receipt: Receipt, followed: Option<FollowToken>) -> Conclusion {
    let cure = match (command.effect, followed) {
        (_, Some(token)) => {
            let name = normalised(&command.name);
            format!("The work goes on. Follow it again with: footprint run {name} --follow {token}")
        }
        (Effect::Write, None) => "It may have been carried out: check in Footprint before you run it again.".to_owned(),
        (Effect::Read, None) => "It changes nothing: run it again.".to_owned(),
    };
    let error = CommandError {
        failure_indicator: command.failure_indicator(),
        status_code: StatusCode(None),
        message: "The command was cancelled.".to_owned(),
        code: "cancelled".to_owned(),
        cause: "It was interrupted at this terminal.".to_owned(),
        cure,
        retryable: command.effect == Effect::Read,
    };
    Conclusion { error: Some(error), receipt, warnings: Vec::new() }
}

//! How a followed run ends that the host ends.

use soar_connector::{Collector, Command, CommandError, Conclusion, Outcome, Receipt, StatusCode, Warning};
use soar_store::model::Run;

/// The failure of a run whose work goes on in the product without the host, or whose fate is unknown.
pub(super) fn error(run: &Run, command: Option<&Command>, code: &str, message: &str, cure: &str) -> CommandError {
    let indicator = command.map_or_else(|| format!("{} failed.", run.command), Command::failure_indicator);
    CommandError {
        failure_indicator: indicator,
        status_code: StatusCode(None),
        message: soar_connector::sentence(message),
        code: code.to_owned(),
        cause: soar_connector::sentence(message),
        cure: soar_connector::sentence(cure),
        retryable: false,
    }
}

/// The conclusion of a run that failed so.
pub(super) fn conclusion(run: &Run, error: CommandError) -> Conclusion {
    let receipt = Receipt { request_id: run.request_id.clone(), ..Receipt::default() };
    Conclusion { error: Some(error), receipt, warnings: Vec::new() }
}

/// The outcome of a conclusion without pages.
pub(super) fn outcome(command: Option<&Command>, conclusion: Conclusion) -> Outcome {
    Collector::new(command, 0).finish(conclusion)
}

/// Names the token in the outcome of a run that failed: the work may go on.
pub(super) fn with_token(mut outcome: Outcome, again: &str) -> Outcome {
    if let Some(error) = &outcome.error
        && !error.message.contains(again)
        && !error.cure.contains(again)
    {
        outcome.warnings.push(Warning { code: "followed".to_owned(), message: soar_connector::sentence(again) });
    }
    outcome
}

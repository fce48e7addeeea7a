//! The Error tab of a failure: what happened, with the manifest's cause and cure for it.

use soar_connector::manifest::ErrorEntry;
use soar_connector::{Command, CommandError, Manifest, StatusCode};

use crate::vendor::Failure;

/// The Error tab of `failure` under `indicator`, explained as the manifest does it for `command`, else for all.
pub(crate) fn error_tab(
    manifest: &Manifest,
    command: Option<&Command>,
    indicator: String,
    failure: Failure,
) -> CommandError {
    let by_code = |code| manifest.error(command, code);
    let entry: Option<&ErrorEntry> = match (failure.code, failure.status) {
        (Some(code), _) => by_code(code),
        (None, Some(status)) => manifest.error_of_status(command, status).or_else(|| by_code("unexpected-status")),
        (None, None) => None,
    };
    CommandError {
        failure_indicator: indicator,
        status_code: StatusCode(failure.status),
        message: failure.message,
        code: entry.map_or_else(|| failure.code.unwrap_or("unexpected-status").to_owned(), |entry| entry.code.clone()),
        cause: entry.map(|entry| entry.cause.clone()).unwrap_or_default(),
        cure: entry.map(|entry| entry.cure.clone()).unwrap_or_default(),
        retryable: entry.is_some_and(|entry| entry.retryable),
    }
}

//! Tests a connection without saving it.

use anyhow::Result;
use soar_host::operations::{OperationError, Operations, RequestContext, Tried, UnsavedTested};

use super::run::until_interrupted;
use crate::exit::Exit;
use crate::instance::{Executing, OperatorSession};
use crate::printer::{OutputFormat, Printer, receipt};

/// Runs `test` and shows its result.
pub(super) async fn show_test<T>(
    session: &OperatorSession,
    context: RequestContext,
    output: OutputFormat,
    printer: &mut Printer,
    test: impl FnOnce(Operations, RequestContext) -> T,
) -> Result<Exit>
where
    T: Future<Output = Result<Tried<UnsavedTested>, OperationError>>,
{
    let executing = Executing::start(session).await?;
    let ended = until_interrupted(&executing, test(executing.operations.clone(), context.clone())).await;
    executing.end().await?;
    let tested = session.tried(context, ended).await?;
    let outcome = &tested.outcome;
    printer.warnings(&outcome.warnings);
    match (output, &outcome.error) {
        (OutputFormat::Json, _) => printer.json(&tested)?,
        (OutputFormat::Table, None) => printer.done("Passed. Nothing was saved.")?,
        (OutputFormat::Table, Some(error)) => printer.error_tab(error),
    }
    if output == OutputFormat::Table {
        printer.note(&receipt(&outcome.receipt, None));
    }
    Ok(Exit::of_outcome(outcome))
}

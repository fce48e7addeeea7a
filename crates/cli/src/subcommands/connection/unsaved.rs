//! Tests a connection without saving it.

use anyhow::Result;
use soar_host::operations::{OperationError, Operations, RequestContext, Tried, UnsavedTested};

use super::run::until_interrupted;
use crate::exit::Exit;
use crate::instance::{Executing, OperatorSession};
use crate::printer::{Form, Printer, receipt};

/// Runs `test` and shows its result.
pub(super) async fn show_test<T>(
    session: &OperatorSession,
    context: RequestContext,
    output: Form,
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
        (Form::Json, _) => printer.json(&tested)?,
        (Form::Table, None) => printer.done("Passed. Nothing was saved.")?,
        (Form::Table, Some(error)) => printer.error_tab(error),
    }
    if output == Form::Table {
        printer.note(&receipt(&outcome.receipt, None));
    }
    Ok(Exit::of_outcome(outcome))
}

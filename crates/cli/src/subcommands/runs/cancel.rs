//! `footprint runs cancel`: ends a run that is under way.

use anyhow::Result;
use clap::Args;
use soar_host::executor::Executor;
use soar_store::Records;

use crate::exit::Exit;
use crate::instance::{Action, OperatorSession};
use crate::printer::Printer;
use soar_store::model::RunId;

/// Cancel a run; one of a running host ends with that host's next sign of life
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its number
    run: RunId,
}

pub(super) async fn run(
    arguments: &Arguments,
    session: &OperatorSession,
    executor: &Executor,
    printer: &mut Printer,
) -> Result<Exit> {
    let number = arguments.run.to_string();
    let caller = session.any_caller().await?;
    let action = Action { command: "runs cancel", site: "", about: &number };
    let cancel = async |records: &mut Records<'_>| executor.cancel_in(records, &caller, arguments.run).await;
    if session.change(&action, cancel).await? {
        printer.done(&format!("Run {number} is asked to end."))?;
    } else {
        printer.line(&format!("Run {number} had ended already, so nothing was changed."))?;
    }
    Ok(Exit::Successful)
}

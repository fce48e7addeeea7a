//! `footprint runs cancel`: cancels a run.

use anyhow::Result;
use clap::Args;
use soar_store::model::RunId;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Cancel a run; a run of a running host ends at that host's next sign of life
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its number
    run: RunId,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("runs cancel");
    let cancelled = session.operations().cancel_run(&context, arguments.run).await;
    let number = arguments.run;
    if session.changed(context, cancelled).await?.was_running {
        printer.done(&format!("Run {number} is asked to end."))?;
    } else {
        printer.line(&format!("Run {number} had ended already, so nothing was changed."))?;
    }
    Ok(Exit::Successful)
}

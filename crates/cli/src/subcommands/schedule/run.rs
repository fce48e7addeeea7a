//! `footprint schedule run`: runs a schedule now.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use super::ScheduleArguments;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Run a schedule now, beside its times; the next host that looks for due work runs it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ScheduleArguments,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let schedule = arguments.named.find(&operations, session).await?;
    let context = session.context("schedule run").about_site(&schedule.site);
    let ended = operations.run_schedule(&context, schedule.id).await;
    let schedule = session.changed(context, ended).await?;
    printer.done(&format!(
        "The schedule {} is due now. The next host that looks for due work runs it.",
        quoted(&schedule.name)
    ))?;
    printer.note("Its result: footprint schedule log. A host must serve the instance: footprint serve.");
    Ok(Exit::Successful)
}

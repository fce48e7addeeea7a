//! `footprint schedule remove`: deletes a schedule.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use super::ScheduleArguments;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Delete a schedule; a run under way goes on to its end
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ScheduleArguments,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let schedule = arguments.named.find(&operations, session).await?;
    let context = session.context("schedule remove").about_site(&schedule.site);
    let ended = operations.remove_schedule(&context, schedule.id).await;
    let deleted = session.changed(context, ended).await?;
    printer.done(&format!("The schedule {} is deleted.", quoted(&deleted.name)))?;
    Ok(Exit::Successful)
}

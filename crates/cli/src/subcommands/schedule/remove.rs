//! `footprint schedule remove`: deletes a schedule.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::scheduler::Schedules;
use soar_store::Records;

use super::Named;
use crate::exit::Exit;
use crate::instance::{Action, OperatorSession};
use crate::printer::Printer;

/// Delete a schedule; what runs of it ends as it does
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
}

pub(super) async fn run(
    arguments: &Arguments,
    session: &OperatorSession,
    schedules: &Schedules,
    printer: &mut Printer,
) -> Result<Exit> {
    let (id, caller) = arguments.named.find(session, schedules).await?;
    let place = caller.site.name.clone();
    let action = Action { command: "schedule remove", site: &place, about: &arguments.named.schedule };
    let delete = async |records: &mut Records<'_>| schedules.delete_in(records, &caller, id).await;
    let deleted = session.change(&action, delete).await?;
    printer.done(&format!("The schedule {} is deleted.", quoted(&deleted.name)))?;
    Ok(Exit::Successful)
}

//! `footprint schedule run`: has a schedule run out of turn.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::scheduler::Schedules;
use soar_store::Records;

use super::Named;
use crate::exit::Exit;
use crate::instance::{Action, OperatorSession};
use crate::printer::Printer;

/// Run a schedule now, beside its times: the next host that looks does it
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
    let action = Action { command: "schedule run", site: &place, about: &arguments.named.schedule };
    let hurry = async |records: &mut Records<'_>| schedules.run_soon_in(records, &caller, id).await;
    let schedule = session.change(&action, hurry).await?;
    printer.done(&format!("The schedule {} runs as soon as a host looks.", quoted(&schedule.name)))?;
    printer.note("What it comes to: footprint schedule log. A host must serve the instance: footprint serve.");
    Ok(Exit::Successful)
}

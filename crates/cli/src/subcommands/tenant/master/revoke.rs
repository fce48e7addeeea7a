//! `footprint tenant master revoke`: this tenant's secret for a master is destroyed.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::Records;

use crate::exit::Exit;
use crate::instance::{Action, OperatorSession, tenants};
use crate::printer::Printer;

/// Take nothing from a master any more; what it sent stays, and stays its own
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    master: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let tenants = tenants(session)?;
    let caller = session.any_caller().await?;
    let action = Action { command: "tenant master revoke", site: "", about: &arguments.master };
    let revoke = async |records: &mut Records<'_>| tenants.revoke_master_in(records, &caller, &arguments.master).await;
    let revoked = session.change(&action, revoke).await?;
    printer.done(&format!("Nothing is taken from the master {} any more.", quoted(&revoked.name)))?;
    if revoked.connections > 0 {
        printer.note(
            "What it sent stays and can be used. `footprint tenant master remove` deletes it; a new one-time key lets the \
             master register anew.",
        );
    }
    Ok(Exit::Successful)
}

//! `footprint tenant master remove`: forgets a revoked master, and deletes what it sent.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::Records;

use crate::exit::Exit;
use crate::instance::{Action, OperatorSession, tenants};
use crate::printer::{Printer, counted};

/// Forget a revoked master, and delete the connections that it sent
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    master: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let tenants = tenants(session)?;
    let caller = session.any_caller().await?;
    let action = Action { command: "tenant master remove", site: "", about: &arguments.master };
    let remove = async |records: &mut Records<'_>| tenants.remove_master_in(records, &caller, &arguments.master).await;
    let removed = session.change(&action, remove).await?;
    let connections = counted(removed.connections.unsigned_abs(), "connection");
    printer.done(&format!("The master {} is forgotten, and {connections} deleted.", quoted(&removed.name)))?;
    Ok(Exit::Successful)
}

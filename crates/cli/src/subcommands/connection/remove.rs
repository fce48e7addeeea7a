//! `footprint connection remove`: deletes a connection and its secrets.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::Records;

use super::find::Named;
use crate::exit::Exit;
use crate::instance::{Action, OperatorSession, connections};
use crate::printer::Printer;

/// Delete a connection and its secrets; the history of its runs stays
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let connections = connections(session)?;
    let (connection, caller) = arguments.named.find(&connections, session).await?;
    let action = Action { command: "connection remove", site: connection.place.name(), about: &connection.name };
    let remove = async |records: &mut Records<'_>| connections.delete_in(records, &caller, connection.id).await;
    session.change(&action, remove).await?;
    printer.done(&format!("The connection {} is deleted, and its secrets with it.", quoted(&connection.name)))?;
    Ok(Exit::Successful)
}

//! `footprint connection remove`: deletes a connection and its secrets.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use super::find::ConnectionArguments;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Delete a connection and its secrets; the history of its runs stays
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ConnectionArguments,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let connection = arguments.named.find(&operations, session).await?;
    let context = session.context("connection remove").about_site(connection.place.name());
    let removed = operations.remove_connection(&context, connection.id).await;
    let connection = session.changed(context, removed).await?;
    printer.done(&format!("The connection {} and its secrets are deleted.", quoted(&connection.name)))?;
    Ok(Exit::Successful)
}

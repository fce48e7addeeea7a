//! `footprint tenant master remove`: removes a revoked master, and the connections that it sent.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{Printer, counted};

/// Remove a revoked master, and the connections that it sent
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    master: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("tenant master remove");
    let ended = session.connected_operations()?.remove_master(&context, &arguments.master).await;
    let removed = session.changed(context, ended).await?;
    let connections = counted(removed.connections.unsigned_abs(), "connection");
    printer.done(&format!("The master {} is removed, and {connections} deleted.", quoted(&removed.name)))?;
    Ok(Exit::Successful)
}

//! `footprint tenant master revoke`: revokes a master and deletes the common secret.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Revoke a master; the connections that it sent stay, and still cannot be changed here
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    master: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("tenant master revoke");
    let ended = session.connected_operations()?.revoke_master(&context, &arguments.master).await;
    let revoked = session.changed(context, ended).await?;
    printer.done(&format!("The master {} is revoked: its messages are refused.", quoted(&revoked.name)))?;
    if revoked.connections > 0 {
        printer.note(
            "The connections that it sent stay and can be used. `footprint tenant master remove` deletes them. With a new \
             one-time key the master can register again.",
        );
    }
    Ok(Exit::Successful)
}

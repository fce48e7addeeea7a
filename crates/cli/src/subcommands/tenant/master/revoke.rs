//! `footprint tenant master revoke`: this tenant's secret for a master is destroyed.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Take nothing from a master any more; what it sent stays, and stays its own
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    master: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("tenant master revoke");
    let ended = session.connected_operations()?.revoke_master(&context, &arguments.master).await;
    let revoked = session.changed(context, ended).await?;
    printer.done(&format!("Nothing is taken from the master {} any more.", quoted(&revoked.name)))?;
    if revoked.connections > 0 {
        printer.note(
            "What it sent stays and can be used. `footprint tenant master remove` deletes it; a new one-time key lets the \
             master register anew.",
        );
    }
    Ok(Exit::Successful)
}

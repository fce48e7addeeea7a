//! `footprint tenant key revoke`: revokes a one-time key.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Revoke a one-time key before a master uses it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name, as `footprint tenant key list` shows it
    key: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("tenant key revoke");
    let revoked = session.connected_operations()?.revoke_tenant_key(&context, &arguments.key).await;
    let revoked = session.changed(context, revoked).await?;
    printer.done(&format!("The one-time key {} is revoked: no master can register with it.", revoked.name))?;
    Ok(Exit::Successful)
}

//! `footprint tenant key revoke`: takes a one-time key back.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Take a one-time key back before a master used it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name, as `footprint tenant key list` shows it
    key: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("tenant key revoke");
    let revoked = session.connected_operations()?.revoke_tenant_key(&context, &arguments.key).await;
    let revoked = session.changed(context, revoked).await?;
    printer.done(&format!("No master can register with the one-time key {} any more.", revoked.name))?;
    Ok(Exit::Successful)
}

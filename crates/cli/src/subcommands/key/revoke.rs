//! `footprint key revoke`: revokes a key.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Revoke a key for good; a running host refuses it within a second
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    key: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("key revoke");
    let revoked = session.operations().revoke_key(&context, &arguments.key).await;
    let key = session.changed(context, revoked).await?;
    printer.done(&format!("The key {} is revoked: calls with it are refused.", quoted(&key.name)))?;
    Ok(Exit::Successful)
}

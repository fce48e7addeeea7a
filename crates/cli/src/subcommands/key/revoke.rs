//! `footprint key revoke`: takes a key back for good.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use crate::exit::Exit;
use crate::instance::{Action, OperatorSession};
use crate::printer::Printer;

/// Take a key back for good; a running host refuses it within a second
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    key: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let name = &arguments.key;
    let action = Action { command: "key revoke", site: "", about: name };
    let revoked = session.manage(&action, async |records, now| records.revoke_key(name, now).await);
    let key = revoked.await?;
    printer.done(&format!("The key {} lets nobody in any more.", quoted(&key.name)))?;
    Ok(Exit::Successful)
}

//! `footprint tenant key revoke`: takes a one-time key back.

use anyhow::Result;
use clap::Args;
use soar_store::Records;

use crate::exit::Exit;
use crate::instance::{Action, OperatorSession, tenants};
use crate::printer::Printer;

/// Take a one-time key back before a master used it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name, as `footprint tenant key list` shows it
    key: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let tenants = tenants(session)?;
    let caller = session.any_caller().await?;
    let action = Action { command: "tenant key revoke", site: "", about: &arguments.key };
    let revoke = async |records: &mut Records<'_>| tenants.revoke_key_in(records, &caller, &arguments.key).await;
    let revoked = session.change(&action, revoke).await?;
    printer.done(&format!("No master can register with the one-time key {} any more.", revoked.name))?;
    Ok(Exit::Successful)
}

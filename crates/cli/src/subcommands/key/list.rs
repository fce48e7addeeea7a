//! `footprint key list`: the keys, without their secrets.

use anyhow::Result;
use clap::Args;
use soar_store::model::KeyState;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};

/// List the keys, without their secrets
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only keys that are neither expired nor revoked
    #[arg(long)]
    active: bool,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let mut keys = session.operations().list_keys(&session.context("key list")).await.map_err(not_done)?;
    keys.retain(|key| !arguments.active || key.state == KeyState::Active);
    printer.list(&keys, &arguments.list, "No keys. `footprint key add NAME` creates one.")?;
    Ok(Exit::Successful)
}

//! `footprint tenant key list`: the one-time keys, without their secrets.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};

/// List the one-time keys without their secrets, the newest first
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("tenant key list");
    let keys = session.connected_operations()?.list_tenant_keys(&context).await.map_err(not_done)?;
    printer.list(&keys, &arguments.list, "No one-time keys. `footprint tenant key create` creates one.")?;
    Ok(Exit::Successful)
}

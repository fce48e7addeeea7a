//! `footprint tenant master list`: the masters of this tenant.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};

/// List the masters of this tenant, including revoked ones
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("tenant master list");
    let masters = session.connected_operations()?.list_masters(&context).await.map_err(not_done)?;
    let nothing = "No masters. `footprint tenant key create` creates the key with which a master registers.";
    printer.list(&masters, &arguments.list, nothing)?;
    Ok(Exit::Successful)
}

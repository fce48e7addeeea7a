//! `footprint findings tenants`: the last result of each tenant.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};

/// List the tenants whose findings were collected, with their last results
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let tenants = operations.finding_tenants(&session.context("findings tenants")).await.map_err(not_done)?;
    printer.list(&tenants, &arguments.list, "No findings were collected yet: `footprint findings collect`.")?;
    Ok(Exit::Successful)
}

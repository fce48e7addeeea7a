//! `footprint agent list`: the agents that the user may see.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};

/// List the proxy agents that you may see
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("agent list");
    let agents = session.connected_operations()?.list_agents(&context).await.map_err(not_done)?;
    printer.list(&agents, &arguments.list, "No agents that you may see. `footprint agent add NAME` creates one.")?;
    Ok(Exit::Successful)
}

//! `footprint agent list`: the agents that the user may see.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListOutput, Printer};

/// List the proxy agents that you may see
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("agent list");
    let agents = super::operations(session)?.list_agents(&context).await.map_err(not_done)?;
    printer.list(&agents, arguments.output, "No agents that you may see. `footprint agent add NAME` makes one.")?;
    Ok(Exit::Successful)
}

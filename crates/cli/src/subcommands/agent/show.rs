//! `footprint agent show`: an agent without its secret.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{OutputFormat, Printer};

/// Show a proxy agent without its secret
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    agent: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("agent show");
    let agent = session.connected_operations()?.agent(&context, &arguments.agent).await.map_err(not_done)?;
    super::show_one(&agent, arguments.output, printer)?;
    Ok(Exit::Successful)
}

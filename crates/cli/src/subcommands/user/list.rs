//! `footprint user list`: who there is.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{ListOutput, Printer};

/// List the users and their roles
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    session.must_be_administrator()?;
    printer.list(&super::all(session).await?, arguments.output, "No users.")?;
    Ok(Exit::Successful)
}

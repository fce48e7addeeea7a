//! `footprint user list`: the users and their roles.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListOutput, Printer};

/// List the users and their roles
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let users = session.operations().list_users(&session.context("user list")).await.map_err(not_done)?;
    printer.list(&users, arguments.output, "No users.")?;
    Ok(Exit::Successful)
}

//! `footprint user list`: the users and their roles.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};

/// List the users and their roles
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let users = session.operations().list_users(&session.context("user list")).await.map_err(not_done)?;
    printer.list(&users, &arguments.list, "No users.")?;
    Ok(Exit::Successful)
}

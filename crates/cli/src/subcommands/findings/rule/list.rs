//! `footprint findings rule list`: lists the rules.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};

/// List the rules, and how far they have come in the log of changes
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("findings rule list");
    let all = session.operations().list_finding_rules(&context).await.map_err(not_done)?;
    printer.list(&all, &arguments.list, "No rules.")?;
    Ok(Exit::Successful)
}

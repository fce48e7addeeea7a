//! `footprint tenant master list`: the masters of this tenant.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, advised};
use crate::printer::{ListOutput, Printer};

/// List the masters that this tenant takes, or took, connections from
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    session.must_be_administrator()?;
    let masters = session.store.reader().await.map_err(advised)?.records().masters().await.map_err(advised)?;
    let nothing = "No masters. `footprint tenant key create` makes the key that one registers with.";
    printer.list(&masters, arguments.output, nothing)?;
    Ok(Exit::Successful)
}

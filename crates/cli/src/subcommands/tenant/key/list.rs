//! `footprint tenant key list`: the one-time keys, without their secrets.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, advised};
use crate::printer::{ListOutput, Printer};

/// List the one-time keys, the newest first; what they are is never shown again
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    session.must_be_administrator()?;
    let mut reader = session.store.reader().await.map_err(advised)?;
    let keys = reader.records().tenant_keys(session.now()).await.map_err(advised)?;
    printer.list(&keys, arguments.output, "No one-time keys. `footprint tenant key create` makes one.")?;
    Ok(Exit::Successful)
}

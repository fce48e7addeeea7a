//! `footprint key list`: the keys, without their secrets.

use anyhow::Result;
use clap::Args;

use super::{Names, Shown};
use crate::exit::Exit;
use crate::instance::{OperatorSession, advised};
use crate::printer::{ListOutput, Printer};

/// List the keys; what they are is never shown again
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only those that still let somebody in
    #[arg(long)]
    active: bool,

    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    session.must_be_administrator()?;
    let mut reader = session.store.reader().await.map_err(advised)?;
    let mut records = reader.records();
    let names = Names::read(&mut records).await.map_err(advised)?;
    let now = session.now();
    let keys = records.keys().await.map_err(advised)?.into_iter();
    let keys = keys.filter(|key| !arguments.active || key.refused(now).is_none());
    let shown: Vec<Shown> = keys.map(|key| names.shown(key, now)).collect();
    printer.list(&shown, arguments.output, "No keys. `footprint key add NAME` makes one.")?;
    Ok(Exit::Successful)
}

//! `footprint schedule list`: the schedules that the user may see.

use anyhow::Result;
use clap::Args;
use soar_host::scheduler::Schedules;

use crate::exit::Exit;
use crate::instance::{OperatorSession, advised, refused};
use crate::printer::{ListOutput, Printer};

/// List the schedules that you may see
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only those of this site
    #[arg(long)]
    site: Option<String>,

    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(
    arguments: &Arguments,
    session: &OperatorSession,
    schedules: &Schedules,
    printer: &mut Printer,
) -> Result<Exit> {
    let site = match &arguments.site {
        Some(name) => Some(session.site(Some(name)).await?.id),
        None => None,
    };
    let caller = session.any_caller().await?;
    let mut reader = session.store.reader().await.map_err(advised)?;
    let found = schedules.list(&mut reader.records(), &caller, site).await.map_err(refused)?;
    printer.list(&found, arguments.output, "No schedules that you may see. `footprint schedule add` makes one.")?;
    Ok(Exit::Successful)
}

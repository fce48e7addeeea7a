//! `footprint site list`: the sites that the user may see.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{ListFlags, Printer};

/// List the sites that you may see
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let sites = session.sites().await?;
    printer.list(&sites, &arguments.list, "No sites that you may see. `footprint site add NAME` creates one.")?;
    Ok(Exit::Successful)
}

//! `footprint schedule list`: the schedules that the user may see.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};

/// List the schedules that you may see
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only schedules of this site
    #[arg(long)]
    site: Option<String>,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = session.site_if_named(arguments.site.as_deref()).await?;
    let context = session.context("schedule list");
    let found = session.connected_operations()?.list_schedules(&context, site.as_deref()).await.map_err(not_done)?;
    printer.list(&found, &arguments.list, "No schedules that you may see. `footprint schedule add` creates one.")?;
    Ok(Exit::Successful)
}

//! `footprint findings rule export`: writes all rules as JSON.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::Printer;

/// Write all rules as one JSON list, which `rule add --from` reads
#[derive(Debug, Args)]
pub(super) struct Arguments {}

pub(super) async fn run(_: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("findings rule export");
    let rules = session.operations().export_finding_rules(&context).await.map_err(not_done)?;
    printer.json(&rules)?;
    Ok(Exit::Successful)
}

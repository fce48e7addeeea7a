//! `footprint findings rule show`: shows a rule.

use anyhow::Result;
use clap::Args;

use super::{find, show_one};
use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{OutputFormat, Printer};

/// Show a rule, and how far it has come in the log of changes
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    rule: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.operations();
    let id = find(&arguments.rule, &operations, session).await?.id;
    let shown = operations.finding_rule(&session.context("findings rule show"), id).await.map_err(not_done)?;
    show_one(&shown, arguments.output, printer)?;
    Ok(Exit::Successful)
}

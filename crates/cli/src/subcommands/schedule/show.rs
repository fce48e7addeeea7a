//! `footprint schedule show`: shows a schedule.

use anyhow::Result;
use clap::Args;

use super::{ScheduleArguments, show_one};
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};

/// Show a schedule: its command, times, alerts and health
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ScheduleArguments,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let shown = arguments.named.find(&session.connected_operations()?, session).await?;
    show_one(&shown, arguments.output, printer)?;
    Ok(Exit::Successful)
}

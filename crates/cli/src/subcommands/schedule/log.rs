//! `footprint schedule log`: shows the runs of a schedule: input, output and error.

use anyhow::Result;
use clap::Args;
use soar_store::model::{ScheduleRun, ScheduleRunId};

use super::ScheduleArguments;
use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer, moment};
use crate::values::within;

const EXAMPLES: &str = "\
Examples:
  footprint schedule log Nightly
  footprint schedule log Nightly --limit 1 --output json      The last run, with its output";

/// Show the log of a schedule: input, output and error of its runs, the latest first; only JSON contains the output
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ScheduleArguments,

    /// Only runs before the run with this number
    #[arg(long, value_name = "RUN")]
    before: Option<ScheduleRunId>,

    /// The most runs to show, from 1 to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = within::<i64>(1..=1000))]
    limit: i64,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let schedule = arguments.named.find(&operations, session).await?;
    let context = session.context("schedule log");
    let log =
        operations.schedule_log(&context, schedule.id, arguments.before, arguments.limit).await.map_err(not_done)?;
    printer.list(
        &log.runs,
        &arguments.list,
        "The schedule has not run yet, or its log was deleted because of its age.",
    )?;
    Ok(Exit::Successful)
}

impl ListRow for ScheduleRun {
    const HEADINGS: &[&str] = &["Run", "Due", "Started", "Took", "Status", "Input", "Error"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            moment(self.due_at),
            moment(self.started_at),
            format!("{} ms", self.ended_at.milliseconds_since(self.started_at)),
            self.status.to_string(),
            self.input.get().to_owned(),
            self.error.clone().unwrap_or_default(),
        ]
    }
}

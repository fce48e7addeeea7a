//! `footprint runs show`: shows a run.

use anyhow::Result;
use clap::Args;
use serde_json::Value;
use serde_json::value::RawValue;
use soar_store::model::{RunFollowing, RunId, RunStatus};

use super::{status, took};
use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{OutputFormat, Printer, moment, moment_if_any};

/// Show a run: parameters, outcome and receipt, as far as the host keeps them
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its number
    run: RunId,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let run = session.operations().run(&session.context("runs show"), arguments.run).await.map_err(not_done)?;
    let outcome: Value = read(run.outcome.as_deref());
    let error = outcome["errorTab"].as_str().unwrap_or_default().to_owned();
    let labels = [
        ("Run", run.id.to_string()),
        ("Command", run.command.clone()),
        ("Connection", format!("{} ({})", run.connection, run.integration)),
        ("Site", run.site.clone()),
        ("User", run.user.clone()),
        ("Key", run.key.clone().unwrap_or_default()),
        ("Status", status(&run)),
        ("Started", moment(run.started_at)),
        ("Ended", moment_if_any(run.ended_at)),
        ("Took", took(&run)),
        ("Followed", run.following.as_ref().map(followed).unwrap_or_default()),
        ("Not answered", run.following.as_ref().and_then(|one| one.problem.clone()).unwrap_or_default()),
        ("Parameters", run.parameters.get().to_owned()),
        ("Rows", outcome["rows"].as_u64().map(|rows| rows.to_string()).unwrap_or_default()),
        ("Error", error),
        ("Request", run.request_id.clone()),
    ];
    printer.details(&run, arguments.output, &labels)?;
    if arguments.output == OutputFormat::Table && run.status == RunStatus::Interrupted {
        printer.note(
            "The process that ran it ended first. Its effect is unknown: check in the product before you run it again.",
        );
    }
    if arguments.output == OutputFormat::Table && run.outcome.is_some() {
        printer
            .note(&format!("The outcome, as far as the host keeps it: footprint runs show {} --output json", run.id));
    }
    Ok(Exit::Successful)
}

/// For how long the work has been followed, and when the host asks about it next.
fn followed(following: &RunFollowing) -> String {
    let minutes = |seconds: u64| seconds / 60;
    format!(
        "for {} of at most {} minutes; the next question is at {}",
        minutes(following.waited_seconds),
        minutes(following.limit_seconds),
        moment(following.next_at)
    )
}

fn read(json: Option<&RawValue>) -> Value {
    json.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

//! `footprint incident task`: marks a task of an incident as done or pending.

use anyhow::Result;
use clap::{Args, ValueEnum};
use soar_connector::name::quoted;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint incident task 20210127-198 \"Notify the customer\" done";

/// Mark a task of an incident as done or pending
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The incident's number
    incident: String,

    /// The task's name
    task: String,

    /// Its new state
    state: TaskState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TaskState {
    /// The task is done
    Done,
    /// The task is pending
    Pending,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let Arguments { incident, task, state } = arguments;
    let is_done = *state == TaskState::Done;
    let context = session.context("incident task");
    let changed = session.operations().change_task(&context, incident, task, is_done).await;
    session.changed(context, changed).await?;
    let state = if is_done { "done" } else { "pending" };
    printer.done(&format!("The task {} of {incident} is {state}.", quoted(task)))?;
    Ok(Exit::Successful)
}

//! `footprint runs`: the runs of integration commands.

mod cancel;
mod list;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_store::model::{Run, RunFollowing, RunStatus};

use super::run::single_threaded_runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::{ListRow, Printer, moment};

const EXAMPLES: &str = "\
Examples:
  footprint runs list
  footprint runs list --status Failed --connection production
  footprint runs show 42
  footprint runs cancel 42";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceFlags,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Arguments),
    Show(show::Arguments),
    Cancel(cancel::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Cancel(arguments) => cancel::run(arguments, &session, printer).await,
        }
    })
}

impl ListRow for Run {
    const HEADINGS: &[&str] = &["Run", "Started", "Command", "Connection", "Status", "Took", "User", "Site", "Key"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            moment(self.started_at),
            self.command.clone(),
            self.connection.clone(),
            status(self),
            took(self),
            self.user.clone(),
            self.site.clone(),
            self.key.clone().unwrap_or_default(),
        ]
    }
}

/// Its status, and how far its work in the product is.
fn status(run: &Run) -> String {
    match &run.following {
        Some(following) => format!("{} ({})", run.status, progress(following)),
        None => run.status.to_string(),
    }
}

/// How far work is: the product's word, and the percentage where it is known.
fn progress(following: &RunFollowing) -> String {
    match following.percent {
        Some(percent) => format!("{}, {percent} %", following.status),
        None => following.status.clone(),
    }
}

/// Its duration. Empty while it is under way.
fn took(run: &Run) -> String {
    match (run.status, run.ended_at) {
        (RunStatus::Running, _) | (_, None) => String::new(),
        (_, Some(ended)) => match ended.milliseconds_since(run.started_at) {
            short if short < 10_000 => format!("{short} ms"),
            long => format!("{} s", long / 1_000),
        },
    }
}

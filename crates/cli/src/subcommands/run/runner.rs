//! Runs a command on a connection, and writes its pages as they arrive.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use soar_connector::{Conclusion, Invocation, Receipt};
use soar_host::executor::Watching;
use soar_store::model::RunId;
use tokio::time::{MissedTickBehavior, interval};

use super::bar::CommandBar;
use super::cancelled::cancelled;
use super::page_sender::{PageSender, SentPage};
use super::writer::PageWriter;
use crate::subcommands::simulate::StopSignals;

/// A row waits at most this long for its reader.
const FLUSH: Duration = Duration::from_millis(500);

/// The place that commands run on.
pub(in crate::subcommands) trait Runner {
    /// Runs a checked call.
    ///
    /// If the command was not run.
    /// When nothing was run.
    async fn execute(&self, invocation: Invocation, watching: Watching) -> Result<FinishedCommand>;

    /// Whether this yes-or-no setting of the connection is Yes.
    fn has_set(&self, setting: &str) -> bool;

    /// Asks running commands to end. Returns false if dropping ends them.
    fn cancel(&self) -> bool;
}

/// A command that has ended.
pub(in crate::subcommands) struct FinishedCommand {
    pub(in crate::subcommands) ended: Conclusion,
    /// Its id in the run history.
    pub(in crate::subcommands) run: Option<RunId>,
}

/// Runs the command and writes its pages.
pub(super) async fn written(
    runner: &impl Runner,
    invocation: Invocation,
    writer: &mut PageWriter,
    bar: &CommandBar,
) -> Result<FinishedCommand> {
    let (sink, mut pages) = PageSender::channel();
    let watching = Watching { sink: Box::new(sink), progress: bar.progress(), run: Arc::default() };
    let command = Arc::clone(invocation.command());
    let mut work = std::pin::pin!(runner.execute(invocation, watching));
    let mut interrupted = std::pin::pin!(StopSignals::listen()?.wait());
    let mut is_ending = false;
    let mut flush = interval(FLUSH);
    flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut receipt = Receipt::default();
    loop {
        tokio::select! {
            biased;
            () = &mut interrupted, if !is_ending => {
                if !runner.cancel() {
                    return Ok(FinishedCommand { ended: cancelled(&command, receipt, bar.followed()), run: None });
                }
                is_ending = true;
            }
            _ = flush.tick() => writer.flush(),
            Some(SentPage { page, written }) = pages.recv() => {
                receipt.pages += 1;
                receipt.rows += page.len() as u64;
                // A command that was dropped meanwhile does not receive it.
                let _ = written.send(writer.page(page).await);
            }
            done = &mut work => return done,
        }
    }
}

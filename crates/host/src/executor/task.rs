//! The command of a run, and the reasons for which a run ends.

use std::future::pending;
use std::sync::Arc;

use soar_connector::{Command, Invocation, Outcome, Plugin};
use soar_store::model::{Caller, Connection, ScheduleId};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::watching::Watching;

/// The command to run.
pub(super) struct RunTask {
    pub(super) caller: Caller,
    pub(super) connection: Connection,
    pub(super) plugin: Arc<dyn Plugin>,
    pub(super) invocation: Invocation,
    /// The schedule that runs the command, if one does.
    pub(super) schedule: Option<ScheduleId>,
    /// The watcher of the pages, if there is one.
    pub(super) watching: Option<Watching>,
    /// Resolves once no caller waits for the outcome.
    pub(super) gone: oneshot::Receiver<()>,
}

impl RunTask {
    pub(super) fn command(&self) -> &Command {
        self.invocation.command()
    }
}

/// The reason for which a run ended.
pub(super) enum EndReason {
    /// The outcome, and whether it has all rows.
    Itself(Box<Outcome>, bool),
    BrokeDown,
    OutOfTime,
    Cancelled(&'static str),
}

pub(super) async fn cancellation(cancelled: &mut watch::Receiver<bool>) {
    if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
        // No sender is left that could request the cancellation.
        pending::<()>().await;
    }
}

pub(super) fn stop<T>(executing: &JoinHandle<T>, ending: EndReason) -> EndReason {
    executing.abort();
    ending
}

//! A run that a user started from a page, and its result.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use soar_connector::manifest::Command;
use soar_connector::{CommandError, Progress, RawParameters, Receipt, ReturnData, Step, Warning};
use soar_store::model::{Connection, Moment, RunId, Site, UserId};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::content::ResultContent;

/// Identifies a kept run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeptRunId(Uuid);

impl KeptRunId {
    pub(super) fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id in a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl std::fmt::Display for KeptRunId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.simple().fmt(formatter)
    }
}

/// The progress of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunProgress {
    /// The number of rows so far.
    pub rows: u64,
    /// The number of pages so far.
    pub pages: u64,
    /// The number of all pages, where the product says so.
    pub total_pages: Option<u64>,
    /// The pause before the next request, if the run is in one.
    pub wait: Option<Duration>,
    /// Whether the command's work goes on in the product. The run in the run history says how far it is.
    pub is_followed: bool,
}

impl RunProgress {
    /// The percentage of the pages that are read, where the product says how many there are.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        let total = self.total_pages.filter(|total| *total > 0)?;
        Some(self.pages.min(total) * 100 / total)
    }
}

/// The end of a run, without its rows.
#[derive(Debug)]
pub struct EndedRun {
    /// Successful or Failed.
    pub return_data: ReturnData,
    /// The reason of the failure.
    pub error: Option<CommandError>,
    /// The requests and replies of the run.
    pub receipt: Receipt,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// The state of a kept run.
#[derive(Debug, Clone)]
pub enum RunState {
    /// It waits for a slot, or runs.
    Running(RunProgress),
    /// It has ended.
    Ended(Arc<EndedRun>),
    /// It did not run, for this reason.
    Refused(String),
}

/// A run that a user started from a page.
#[derive(Debug)]
pub struct KeptRun {
    /// Its id.
    pub id: KeptRunId,
    /// The user that started it.
    pub user: UserId,
    /// The site on which it runs.
    pub site: Site,
    /// The connection, as it was when the run started.
    pub connection: Connection,
    /// The command.
    pub command: Arc<Command>,
    /// The parameters as the user gave them.
    pub parameters: RawParameters,
    /// The time at which it started.
    pub started_at: Moment,
    /// The rows and the raw data. A run that failed has none.
    pub content: Arc<ResultContent>,
    /// The run in the run history, once it has a slot.
    pub(crate) run: Arc<OnceLock<RunId>>,
    state: watch::Sender<RunState>,
    /// Notified when the user cancels a run that has no slot yet.
    pub(crate) given_up: Notify,
}

impl KeptRun {
    /// A run that starts now.
    #[allow(clippy::too_many_arguments, reason = "each is a field")]
    pub(super) fn new(
        user: UserId,
        site: Site,
        connection: Connection,
        command: Arc<Command>,
        parameters: RawParameters,
        started_at: Moment,
        content: Arc<ResultContent>,
    ) -> Self {
        let state = watch::Sender::new(RunState::Running(RunProgress::default()));
        let (id, run, given_up) = (KeptRunId::new(), Arc::default(), Notify::new());
        Self { id, user, site, connection, command, parameters, started_at, content, run, state, given_up }
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> RunState {
        self.state.borrow().clone()
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !matches!(&*self.state.borrow(), RunState::Running(_))
    }

    /// Whether it counts as one of the runs that its user may have under way. A run whose work is followed does not.
    pub(super) fn holds_place(&self) -> bool {
        matches!(&*self.state.borrow(), RunState::Running(progress) if !progress.is_followed)
    }

    /// Its state once it has ended.
    pub async fn ended(&self) -> RunState {
        let mut state = self.state.subscribe();
        let ended = state.wait_for(|state| !matches!(state, RunState::Running(_))).await;
        ended.map_or_else(|_| self.state(), |ended| ended.clone())
    }

    /// The run in the run history, once it has a slot.
    #[must_use]
    pub fn run(&self) -> Option<RunId> {
        self.run.get().copied()
    }

    pub(crate) fn end(&self, ended: RunState) {
        self.state.send_replace(ended);
    }

    /// The receiver of the command's progress.
    pub(crate) fn progress(&self) -> Progress {
        let state = self.state.clone();
        Progress::new(move |step| {
            state.send_modify(|state| {
                let RunState::Running(known) = state else { return };
                match step {
                    Step::Read { rows, pages, total_pages } => {
                        *known = RunProgress { rows, pages, total_pages, ..RunProgress::default() };
                    }
                    Step::Gathered { rows, done, total } => {
                        *known = RunProgress { rows, pages: done, total_pages: Some(total), ..RunProgress::default() };
                    }
                    Step::Waiting { wait, .. } => known.wait = Some(wait),
                    Step::Following { .. } => *known = RunProgress { is_followed: true, ..RunProgress::default() },
                }
            });
        })
    }
}

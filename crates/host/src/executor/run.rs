//! The executor: takes a command, waits for its turn, and gives what it came to.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use soar_connector::{Diagnosis, ExecutionContext, Invocation, Outcome, Plugin, RawParameters};
use soar_store::model::{Caller, Connection, ConnectionId, Moment, RunId, SiteId};
use soar_store::{Store, StoreError};
use tokio::sync::{oneshot, watch};
use tracing::Instrument as _;
use uuid::Uuid;

use super::connectors::Connectors;
use super::slots::Slots;
use super::supervise::{Task, supervise};
use super::watching::Watching;
use super::{ExecutorSettings, Registry};
use crate::Refusal;
use crate::connections::Connections;

/// Runs commands on connections. Cheap to clone; clones share sessions and limits.
#[derive(Clone)]
pub struct Executor {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) connections: Connections,
    pub(super) settings: ExecutorSettings,
    /// Names this process in the run history.
    pub(super) node: String,
    pub(super) connectors: Connectors,
    pub(super) per_connection: Slots<ConnectionId>,
    pub(super) per_site: Slots<SiteId>,
    /// What cancels the runs of this process, by their number.
    pub(super) running: Mutex<HashMap<RunId, watch::Sender<bool>>>,
    pub(super) closed: AtomicBool,
    /// How many commands were accepted and have not ended.
    pub(super) accepted: watch::Sender<usize>,
}

impl fmt::Debug for Executor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).len();
        formatter
            .debug_struct("Executor")
            .field("node", &self.inner.node)
            .field("settings", &self.inner.settings)
            .field("running", &running)
            .finish_non_exhaustive()
    }
}

/// A command that has ended, one way or the other.
#[derive(Debug)]
pub struct CommandEnd {
    /// The run's number in the history.
    pub run: RunId,
    /// The connection's name.
    pub connection: String,
    /// The command's name in the manifest.
    pub command: String,
    /// What it gave.
    pub outcome: Outcome,
}

/// What testing a connection came to.
#[derive(Debug)]
pub struct Tested {
    /// Whether the connection works.
    pub passed: bool,
    /// `Passed`, or the Error tab.
    pub text: String,
    /// The test's run.
    pub finished: CommandEnd,
}

/// Counts a command as accepted until dropped.
pub(super) struct Accepted(Arc<Inner>);

impl Drop for Accepted {
    fn drop(&mut self) {
        self.0.accepted.send_modify(|count| *count -= 1);
    }
}

impl Inner {
    pub(super) fn store(&self) -> &Store {
        &self.connections.store
    }

    pub(super) fn now(&self) -> Moment {
        Moment::from(self.connections.clock.now())
    }
}

impl Executor {
    /// An executor for these connections, and notes in the store that this process runs commands. Call
    /// [`Executor::keep_going`] beside it, and [`Executor::shutdown`] at the end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn start(connections: Connections, settings: ExecutorSettings) -> Result<Self, StoreError> {
        let inner = Inner {
            node: Uuid::now_v7().to_string(),
            connectors: Connectors::default(),
            per_connection: Slots::new(settings.per_connection, settings.waiting),
            per_site: Slots::new(settings.per_site, settings.waiting),
            running: Mutex::default(),
            closed: AtomicBool::new(false),
            accepted: watch::Sender::new(0),
            connections,
            settings,
        };
        let executor = Self { inner: Arc::new(inner) };
        executor.beat().await?;
        Ok(executor)
    }

    /// How many commands are under way in this process.
    #[must_use]
    pub fn running(&self) -> usize {
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many commands wait for their turn in this process.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.inner.per_connection.waiting() + self.inner.per_site.waiting()
    }

    /// The connections that it runs commands on.
    #[must_use]
    pub fn connections(&self) -> &Connections {
        &self.inner.connections
    }

    /// The plugins that it knows.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.inner.connections.registry
    }

    /// Runs `command` on the connection of `integration` that the caller means on its site, as
    /// [`Connections::choose`] finds it. Dropping the future cancels the run.
    ///
    /// # Errors
    /// [`Refusal`] when nothing was run. A command that failed is no error: its outcome says so.
    pub async fn run(
        &self,
        caller: &Caller,
        integration: &str,
        connection: Option<&str>,
        command: &str,
        parameters: RawParameters,
    ) -> Result<CommandEnd, Refusal> {
        let plugin = self.registry().named(integration)?;
        let id = plugin.manifest().connector.id.as_str();
        let connection = self.connections().choose(caller, &[id], connection).await?;
        let invocation = plugin.manifest().invocation(command, &parameters)?;
        self.run_on(caller, connection, plugin, invocation).await
    }

    /// Runs a checked call on a connection, and hands pages on to `watching` as they arrive.
    ///
    /// # Errors
    /// As [`Executor::run`].
    pub async fn run_watched(
        &self,
        caller: &Caller,
        connection: Connection,
        invocation: Invocation,
        watching: Watching,
    ) -> Result<CommandEnd, Refusal> {
        let connection =
            self.connections().choose(caller, &[connection.integration.as_str()], Some(&connection.name)).await?;
        let plugin = self.registry().named(&connection.integration)?;
        self.start_on(caller, connection, plugin, invocation, Some(watching)).await
    }

    /// Tests a connection, as its health check does.
    ///
    /// # Errors
    /// [`Refusal`] when there is none that the caller manages, or when it is inactive.
    pub async fn test(&self, caller: &Caller, connection: ConnectionId) -> Result<Tested, Refusal> {
        let connection = self.connections().testable(caller, connection).await?;
        if !connection.active {
            return Err(super::supervise::inactive(&connection));
        }
        let plugin = self.registry().named(&connection.integration)?;
        let manifest = plugin.manifest();
        let invocation = manifest.invocation(&manifest.connector.health_check, &RawParameters::new())?;
        let id = connection.id;
        let finished = self.run_on(caller, connection, plugin, invocation).await?;
        if let Err(error) = self.note_test(id, &finished).await {
            tracing::error!(connection = id.0, %error, "a test could not be noted in the history of checks");
        }
        let error = finished.outcome.error.as_ref().map(ToString::to_string);
        Ok(Tested { passed: error.is_none(), text: error.unwrap_or_else(|| "Passed".to_owned()), finished })
    }

    /// Diagnoses a connection: how far the way to its server leads, and what its account may run. No run of it is kept.
    ///
    /// # Errors
    /// [`Refusal`] when there is none that the caller manages, when it is inactive, or when no connector can be built.
    pub async fn diagnose(&self, caller: &Caller, connection: ConnectionId) -> Result<Diagnosis, Refusal> {
        let connection = self.connections().testable(caller, connection).await?;
        if !connection.active {
            return Err(super::supervise::inactive(&connection));
        }
        let _accepted = self.accept()?;
        let context = ExecutionContext { request_id: caller.request_id.clone(), ..ExecutionContext::new() };
        let limit = self.inner.settings.time_limit();
        let diagnosing = async {
            let turn = self.inner.per_connection.turn(connection.id).await;
            let _turn =
                turn.map_err(|_| Refusal::Unable("The connection is busy with commands. Try again later.".to_owned()))?;
            let begun = self.inner.connections.clock.elapsed();
            let ready = self.ready(connection.id).await.map_err(Refusal::Unable)?;
            let mut diagnosis = ready.connector.diagnose(&context).await;
            if let Some(agent) = &ready.agent {
                let elapsed = self.inner.connections.clock.elapsed().saturating_sub(begun);
                diagnosis.stages.insert(0, super::agent::stage(agent, elapsed));
            }
            Ok(diagnosis)
        };
        let timed_out = || Err(Refusal::Unable(format!("The diagnosis did not end within {} s.", limit.as_secs())));
        tokio::time::timeout(limit, diagnosing).await.unwrap_or_else(|_| timed_out())
    }

    /// Runs a command of `plugin` on its connection that the caller may use.
    pub(super) async fn run_on(
        &self,
        caller: &Caller,
        connection: Connection,
        plugin: Arc<dyn Plugin>,
        invocation: Invocation,
    ) -> Result<CommandEnd, Refusal> {
        self.start_on(caller, connection, plugin, invocation, None).await
    }

    /// Runs a command of `plugin` on its connection that the caller may use, in a task of its own, so that its end is
    /// noted even when the caller goes away.
    async fn start_on(
        &self,
        caller: &Caller,
        connection: Connection,
        plugin: Arc<dyn Plugin>,
        invocation: Invocation,
        watching: Option<Watching>,
    ) -> Result<CommandEnd, Refusal> {
        let accepted = self.accept()?;
        // Held by this future alone: when it is dropped, the task hears of it.
        let (waiting, gone) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let task = Task { caller: caller.clone(), connection, plugin, invocation, watching, gone };
        let inner = Arc::clone(&self.inner);
        let supervised = async move {
            let _ = ended.send(supervise(&inner, task).await);
            drop(accepted);
        };
        tokio::spawn(supervised.in_current_span());
        let finished = end.await.unwrap_or_else(|_| {
            Err(Refusal::Unable("The host broke down over this command. Its log says how.".to_owned()))
        });
        drop::<oneshot::Sender<()>>(waiting);
        finished
    }

    pub(super) fn accept(&self) -> Result<Accepted, Refusal> {
        self.inner.accepted.send_modify(|count| *count += 1);
        let accepted = Accepted(Arc::clone(&self.inner));
        // Looked at after counting: a shutdown either sees the count or is seen here.
        if self.inner.closed.load(Ordering::SeqCst) {
            return Err(Refusal::Unable(
                "The host is shutting down and starts nothing new. Try again soon.".to_owned(),
            ));
        }
        Ok(accepted)
    }
}

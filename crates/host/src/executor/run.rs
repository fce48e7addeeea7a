//! The executor accepts a command, waits for a slot, runs it and returns its outcome.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use soar_connector::{Diagnosis, ExecutionContext, Invocation, Plugin, RawParameters};
use soar_store::StoreError;
use soar_store::model::{Caller, Connection, ConnectionId, Schedule, ScheduleId};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::finished_run::FinishedRun;
use super::settings::ExecutorSettings;
use super::shared::{Accepted, ExecutorState};
use super::supervise::supervise;
use super::task::RunTask;
use super::watching::Watching;
use crate::Refusal;
use crate::connections::{Connections, inactive};
use crate::parameter_texts::check_texts;
use crate::plugins::PluginRegistry;

/// Runs commands on connections. Cheap to clone. Clones share sessions and limits.
#[derive(Clone)]
pub struct Executor {
    pub(super) shared: Arc<ExecutorState>,
}

impl fmt::Debug for Executor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).len();
        formatter
            .debug_struct("Executor")
            .field("node", &self.shared.node)
            .field("settings", &self.shared.settings)
            .field("running", &running)
            .finish_non_exhaustive()
    }
}

/// The result of testing a connection.
#[derive(Debug)]
pub struct Tested {
    /// Whether the connection works.
    pub passed: bool,
    /// `Passed`, or the Error tab.
    pub text: String,
    /// The test's run.
    pub finished: FinishedRun,
}

impl Executor {
    /// Starts an executor for these connections, and stores this process's lease. Also spawn [`Executor::keep_going`],
    /// and call [`Executor::shutdown`] at the end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn start(connections: Connections, settings: ExecutorSettings) -> Result<Self, StoreError> {
        let executor = Self { shared: Arc::new(ExecutorState::new(connections, settings)) };
        executor.beat().await?;
        Ok(executor)
    }

    /// The number of commands under way in this process.
    #[must_use]
    pub fn running(&self) -> usize {
        self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The number of commands that wait for a slot in this process.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.per_connection.waiting() + self.shared.per_site.waiting()
    }

    /// The executor's connections.
    #[must_use]
    pub fn connections(&self) -> &Connections {
        &self.shared.connections
    }

    /// The registered plugins.
    #[must_use]
    pub fn registry(&self) -> &PluginRegistry {
        &self.shared.connections.registry
    }

    /// Runs `command` on a connection of `integration` on the caller's site, which [`Connections::choose`] selects.
    /// Dropping the future cancels the run. Work that goes on in the product is waited for within the timeout.
    ///
    /// # Errors
    /// [`Refusal`] when the command did not run. A failed command is no error: its outcome has the failure.
    pub async fn run(
        &self,
        caller: &Caller,
        integration: &str,
        connection: Option<&str>,
        command: &str,
        parameters: RawParameters,
    ) -> Result<FinishedRun, Refusal> {
        let until = Instant::now() + self.shared.settings.time_limit();
        let plugin = self.registry().named(integration)?;
        let id = plugin.manifest().connector.id.as_str();
        let connection = self.connections().choose(caller, &[id], connection).await?;
        let invocation = plugin.manifest().invocation(command, &parameters)?;
        let run = self.run_on(caller, connection, plugin, invocation).await?;
        self.wait_for(run, Some(until)).await
    }

    /// Runs the command of a schedule on its connection. Work that goes on in the product is not waited for: the
    /// schedule's result is written at its end.
    ///
    /// # Errors
    /// As [`Executor::run`].
    pub(crate) async fn run_scheduled(
        &self,
        caller: &Caller,
        connection: &Connection,
        schedule: &Schedule,
    ) -> Result<FinishedRun, Refusal> {
        let plugin = self.registry().named(&connection.integration)?;
        let id = plugin.manifest().connector.id.as_str();
        let connection = self.connections().choose(caller, &[id], Some(&connection.name)).await?;
        let invocation = plugin.manifest().invocation(&schedule.what.command, &schedule.what.parameters)?;
        self.start_on(caller, connection, (plugin, invocation), Some(schedule.id), None).await
    }

    /// Runs a checked call on a connection, and passes pages to `watching` as they arrive. Work that goes on in the
    /// product is not waited for: see [`Executor::wait_for`].
    ///
    /// # Errors
    /// As [`Executor::run`].
    pub async fn run_watched(
        &self,
        caller: &Caller,
        connection: Connection,
        invocation: Invocation,
        watching: Watching,
    ) -> Result<FinishedRun, Refusal> {
        let connection =
            self.connections().choose(caller, &[connection.integration.as_str()], Some(&connection.name)).await?;
        let plugin = self.registry().named(&connection.integration)?;
        self.start_on(caller, connection, (plugin, invocation), None, Some(watching)).await
    }

    /// Tests a connection with the command of its health check.
    ///
    /// # Errors
    /// [`Refusal`] when the caller manages no such connection, or when it is inactive.
    pub async fn test(&self, caller: &Caller, connection: ConnectionId) -> Result<Tested, Refusal> {
        let connection = self.connections().testable(caller, connection).await?;
        if !connection.active {
            return Err(inactive(&connection));
        }
        let plugin = self.registry().named(&connection.integration)?;
        let manifest = plugin.manifest();
        let invocation = manifest.invocation(&manifest.connector.health_check, &RawParameters::new())?;
        let id = connection.id;
        let finished = self.run_on(caller, connection, plugin, invocation).await?;
        if let Err(error) = self.note_test(id, &finished).await {
            tracing::error!(connection = id.0, %error, "the result of a test could not be stored in the history of \
                                                        checks");
        }
        let error = finished.outcome.error.as_ref().map(ToString::to_string);
        Ok(Tested { passed: error.is_none(), text: error.unwrap_or_else(|| "Passed".to_owned()), finished })
    }

    /// Diagnoses a connection: the stages up to its server, and the commands that its account may run. The run history
    /// does not store diagnoses.
    ///
    /// # Errors
    /// [`Refusal`] when the caller manages no such connection, when it is inactive, or when no connector can be built.
    pub async fn diagnose(&self, caller: &Caller, connection: ConnectionId) -> Result<Diagnosis, Refusal> {
        let connection = self.connections().testable(caller, connection).await?;
        if !connection.active {
            return Err(inactive(&connection));
        }
        let _accepted = self.accept()?;
        let context = ExecutionContext { request_id: caller.request_id.clone(), ..ExecutionContext::new() };
        let limit = self.shared.settings.time_limit();
        let diagnosing = async {
            let turn = self.shared.per_connection.turn(connection.id).await;
            let _turn =
                turn.map_err(|_| Refusal::Unable("The connection is busy with commands. Try again later.".to_owned()))?;
            let begun = self.shared.connections.clock.elapsed();
            let ready = self.ready(connection.id).await.map_err(Refusal::Unable)?;
            let mut diagnosis = ready.connector.diagnose(&context).await;
            if let Some(agent) = &ready.agent {
                let elapsed = self.shared.connections.clock.elapsed().saturating_sub(begun);
                diagnosis.stages.insert(0, super::agent::stage(agent, elapsed));
            }
            Ok(diagnosis)
        };
        let timed_out = || Err(Refusal::Unable(format!("The diagnosis did not end within {} s.", limit.as_secs())));
        tokio::time::timeout(limit, diagnosing).await.unwrap_or_else(|_| timed_out())
    }

    /// Runs a command of `plugin` on a connection that the caller may use.
    pub(super) async fn run_on(
        &self,
        caller: &Caller,
        connection: Connection,
        plugin: Arc<dyn Plugin>,
        invocation: Invocation,
    ) -> Result<FinishedRun, Refusal> {
        self.start_on(caller, connection, (plugin, invocation), None, None).await
    }

    /// Runs a command of `plugin` on a connection that the caller may use. The command has a task of its own, so its
    /// end is stored even if the caller goes away.
    async fn start_on(
        &self,
        caller: &Caller,
        connection: Connection,
        (plugin, invocation): (Arc<dyn Plugin>, Invocation),
        schedule: Option<ScheduleId>,
        watching: Option<Watching>,
    ) -> Result<FinishedRun, Refusal> {
        check_texts(invocation.parameters())?;
        let accepted = self.accept()?;
        // Only this future holds the sender. Dropping the future tells the task.
        let (waiting, gone) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let task = RunTask { caller: caller.clone(), connection, plugin, invocation, schedule, watching, gone };
        let shared = Arc::clone(&self.shared);
        let supervised = async move {
            let _ = ended.send(supervise(&shared, task).await);
            drop(accepted);
        };
        tokio::spawn(supervised.in_current_span());
        let finished = end.await.unwrap_or_else(|_| {
            Err(Refusal::Unable(
                "The host panicked while it ran this command. The host's log has the cause.".to_owned(),
            ))
        });
        drop::<oneshot::Sender<()>>(waiting);
        finished
    }

    pub(super) fn accept(&self) -> Result<Accepted, Refusal> {
        let accepted = Accepted::count(&self.shared);
        // Checked after counting: either the shutdown sees the count, or this check sees the shutdown.
        if self.shared.closed.load(Ordering::SeqCst) {
            return Err(Refusal::Unable(
                "The host is shutting down and accepts no more commands. Try again soon.".to_owned(),
            ));
        }
        Ok(accepted)
    }
}

//! The traits that a host calls: a plugin that builds connectors, and a connector that runs commands.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    Collector, CommandAccess, Conclusion, Diagnosis, Failure, FollowToken, InvalidCall, Invocation, Manifest, Outcome,
    Polled, Progress, RawParameters, Receipt, SettingValues, SettingsError, Sink, Stage, StageStatus,
};

/// The caller of a command and its limits; the same for every command of one call.
#[derive(Debug, Clone)]
pub struct ExecutionContext {
    /// Identifies this execution in the receipt, in logs and in the host's run history.
    pub request_id: String,
    /// How long the whole command may take; `None` leaves it to the connector's own limit.
    pub time_limit: Option<Duration>,
    /// Hears how far the command has come.
    pub progress: Progress,
}

impl ExecutionContext {
    /// A context with a new request id (a version 7 UUID, so ids sort by time) and the connector's own time limit.
    #[must_use]
    pub fn new() -> Self {
        Self { request_id: Uuid::now_v7().to_string(), time_limit: None, progress: Progress::default() }
    }
}

impl Default for ExecutionContext {
    fn default() -> Self {
        Self::new()
    }
}

/// A connection to one product: its settings, its session, and its commands.
///
/// Cheap to share and safe to call from many tasks at once. Its `Debug` output never holds a secret.
#[async_trait]
pub trait Connector: fmt::Debug + Send + Sync {
    /// The manifest of the connector and its commands.
    fn manifest(&self) -> &Manifest;

    /// Runs a command of [`manifest`](Connector::manifest), writing pages to `sink` in order as they arrive, and says how
    /// it ended. Everything that can go wrong is in [`Conclusion::error`].
    async fn execute_into(
        &self,
        invocation: &Invocation,
        context: &ExecutionContext,
        sink: &mut dyn Sink,
    ) -> Conclusion;

    /// Starts the work of a command that the manifest says is followed, and ends. Gives the token that stands for the
    /// work, and what the start sent and warned of.
    ///
    /// # Errors
    /// The conclusion of a command that started nothing.
    async fn start(
        &self,
        invocation: &Invocation,
        context: &ExecutionContext,
    ) -> Result<(FollowToken, Conclusion), Conclusion> {
        Err(self.not_followed(invocation, context))
    }

    /// Asks about work that was started, with its token. It never starts any. At the end the rows go to `sink`.
    async fn poll(
        &self,
        invocation: &Invocation,
        _token: &FollowToken,
        context: &ExecutionContext,
        _sink: &mut dyn Sink,
    ) -> Polled {
        Polled::Ended(self.not_followed(invocation, context))
    }

    /// Ends work that was started, if the product can. Returns whether it did; otherwise the work goes on unwatched.
    ///
    /// # Errors
    /// The conclusion of a failed attempt.
    async fn cancel(
        &self,
        invocation: &Invocation,
        _token: &FollowToken,
        context: &ExecutionContext,
    ) -> Result<bool, Conclusion> {
        Err(self.not_followed(invocation, context))
    }

    /// The conclusion of a command of this connector that cannot be followed.
    #[doc(hidden)]
    fn not_followed(&self, invocation: &Invocation, context: &ExecutionContext) -> Conclusion {
        let failure = Failure::new("unknown-command", "The command is not one that is followed.");
        let error = self.manifest().error_tab(Some(invocation.command()), failure);
        let receipt = Receipt { request_id: context.request_id.clone(), ..Receipt::default() };
        Conclusion { error: Some(error), receipt, warnings: Vec::new() }
    }

    /// Finds out how far the way to the product leads and which commands the account may run. Changes nothing.
    ///
    /// Everything that can go wrong is in the [`Diagnosis`]. Unless a connector can say more, it runs the health check.
    async fn diagnose(&self, context: &ExecutionContext) -> Diagnosis {
        let manifest = self.manifest();
        let name = &manifest.connector.health_check;
        let outcome = collect(self, manifest.invocation(name, &RawParameters::new()), context).await;
        let (status, detail) = match &outcome.error {
            Some(error) => (StageStatus::Failed, error.message.clone()),
            None => (StageStatus::Passed, "The health check passed.".to_owned()),
        };
        let stage =
            Stage { name: name.clone(), status, detail, elapsed: outcome.receipt.elapsed, error: outcome.error };
        let why = "This connector can check its health only.";
        let commands = manifest.commands.iter().map(|command| CommandAccess::skipped(command, why)).collect();
        Diagnosis { request_id: context.request_id.clone(), stages: vec![stage], commands }
    }
}

impl dyn Connector + '_ {
    /// Finds `command`, in any of the forms people type, checks its parameters, runs it, and collects all of it,
    /// bounded by [`Collector::DEFAULT_LIMIT`] bytes of replies.
    ///
    /// A wrong name and wrong parameters are in [`Outcome::error`] too, and nothing is run then.
    pub async fn execute(&self, command: &str, parameters: &RawParameters, context: &ExecutionContext) -> Outcome {
        collect(self, self.manifest().invocation(command, parameters), context).await
    }
}

async fn collect<C: Connector + ?Sized>(
    connector: &C,
    invocation: Result<Invocation, InvalidCall>,
    context: &ExecutionContext,
) -> Outcome {
    match invocation {
        Ok(invocation) => {
            let mut collector = Collector::new(Some(invocation.command()), Collector::DEFAULT_LIMIT);
            let conclusion = connector.execute_into(&invocation, context, &mut collector).await;
            collector.finish(conclusion)
        }
        Err(invalid) => {
            let receipt = Receipt { request_id: context.request_id.clone(), ..Receipt::default() };
            let error = Some(invalid.error_tab(connector.manifest()));
            Collector::new(None, 0).finish(Conclusion { error, receipt, warnings: Vec::new() })
        }
    }
}

/// A plugin that a host registers: a manifest and how to build a connector from settings.
pub trait Plugin: fmt::Debug + Send + Sync {
    /// The plugin's manifest, the same that its connectors carry.
    fn manifest(&self) -> &Manifest;

    /// Builds a connector without sending anything.
    ///
    /// # Errors
    /// [`SettingsError`] names every setting that cannot work and what to do about it.
    fn build(&self, settings: &SettingValues) -> Result<Arc<dyn Connector>, SettingsError>;
}

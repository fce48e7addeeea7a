//! What a host calls: a plugin that builds connectors, and a connector that runs commands.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    Collector, CommandAccess, Conclusion, Diagnosis, Manifest, Outcome, Progress, RawParameters, SettingValues,
    SettingsError, Sink, Stage, StageStatus,
};

/// Who runs a command and under which limits; the same for every command of one call.
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
    /// What the connector is and what its commands take and return.
    fn manifest(&self) -> &Manifest;

    /// The names of the commands that have a handler, as the manifest spells them.
    fn handled_commands(&self) -> Vec<&'static str>;

    /// Runs `command`, writing pages to `sink` in order as they arrive, and says how it ended.
    ///
    /// `command` is matched as documented (`List Devices`) and as people type it (`list-devices`). Everything that can
    /// go wrong, an unknown command and bad parameters included, is in [`Conclusion::error`].
    async fn execute_into(
        &self,
        command: &str,
        parameters: &RawParameters,
        context: &ExecutionContext,
        sink: &mut dyn Sink,
    ) -> Conclusion;

    /// Runs `command` and collects all of it, bounded by [`Collector::DEFAULT_LIMIT`] bytes of replies.
    async fn execute(&self, command: &str, parameters: &RawParameters, context: &ExecutionContext) -> Outcome {
        let mut collector = Collector::new(self.manifest().command(command).ok(), Collector::DEFAULT_LIMIT);
        let conclusion = self.execute_into(command, parameters, context, &mut collector).await;
        collector.finish(conclusion)
    }

    /// Finds out how far the way to the product leads and which commands the account may run. Changes nothing.
    ///
    /// Everything that can go wrong is in the [`Diagnosis`]. Unless a connector can say more, it runs the health check.
    async fn diagnose(&self, context: &ExecutionContext) -> Diagnosis {
        let manifest = self.manifest();
        let name = &manifest.connector.health_check;
        let outcome = self.execute(name, &RawParameters::new(), context).await;
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

/// What a host registers: a manifest and how to build a connector from settings.
pub trait Plugin: fmt::Debug + Send + Sync {
    /// The plugin's manifest, the same that its connectors carry.
    fn manifest(&self) -> &Manifest;

    /// Builds a connector without sending anything.
    ///
    /// # Errors
    /// [`SettingsError`] names every setting that cannot work and what to do about it.
    fn build(&self, settings: &SettingValues) -> Result<Arc<dyn Connector>, SettingsError>;
}

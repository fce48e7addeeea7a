//! The plugin and its connectors: looks up the handler, runs it within its time, and says how it ended.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use soar_connector::manifest::ManifestFile;
use soar_connector::{
    Clock, Command, CommandError, Conclusion, Connector, Diagnosis, ExecutionContext, Manifest, ManifestError,
    Parameters, Plugin, RawParameters, Receipt, SettingValues, SettingsError, Sink, SystemClock,
};

use tracing::{Instrument as _, info, info_span};

use crate::commands::{COMMANDS, Handler};
use crate::diagnose::diagnose;
use crate::error_tab::error_tab;
use crate::session::{BudgetPool, Call, Session};
use crate::settings::Settings;
use crate::vendor::Failure;

/// The CODA Footprint plugin: builds a connector for each connection.
#[derive(Debug, Clone)]
pub struct FootprintPlugin {
    manifest: Arc<Manifest>,
    /// Shared by all connections that this plugin builds.
    pool: Arc<BudgetPool>,
}

impl FootprintPlugin {
    /// Loads the plugin's embedded manifest.
    ///
    /// # Errors
    /// [`ManifestError`] when a manifest file in this source tree is broken; a released plugin never fails.
    pub fn new() -> Result<Self, ManifestError> {
        Self::with_clock(Arc::new(SystemClock::new()))
    }

    /// The same with another clock than the machine's, for tests: it decides over token expiry, waits and rates.
    ///
    /// # Errors
    /// As [`FootprintPlugin::new`].
    pub fn with_clock(clock: Arc<dyn Clock>) -> Result<Self, ManifestError> {
        let files: Vec<_> = COMMANDS.iter().map(|entry| entry.manifest).collect();
        let connector =
            ManifestFile { name: "manifest/connector.toml", text: include_str!("../manifest/connector.toml") };
        Ok(Self { manifest: Arc::new(Manifest::load(connector, &files)?), pool: Arc::new(BudgetPool::new(clock)) })
    }
}

impl Plugin for FootprintPlugin {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn build(&self, settings: &SettingValues) -> Result<Arc<dyn Connector>, SettingsError> {
        let session = Session::new(Settings::new(settings)?, Arc::clone(&self.manifest), &self.pool);
        Ok(Arc::new(FootprintConnector { manifest: Arc::clone(&self.manifest), session }))
    }
}

/// A connection to one Footprint instance.
#[derive(Debug)]
struct FootprintConnector {
    manifest: Arc<Manifest>,
    session: Session,
}

#[async_trait]
impl Connector for FootprintConnector {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn handled_commands(&self) -> Vec<&'static str> {
        COMMANDS.iter().map(|entry| entry.name).collect()
    }

    async fn execute_into(
        &self,
        command: &str,
        parameters: &RawParameters,
        context: &ExecutionContext,
        sink: &mut dyn Sink,
    ) -> Conclusion {
        let started = Instant::now();
        let conclude = |failed: Option<(Option<&Command>, Failure)>, receipt: Receipt, warnings| Conclusion {
            error: failed.map(|(command, failure)| self.error(command, failure)),
            receipt: Receipt { request_id: context.request_id.clone(), elapsed: started.elapsed(), ..receipt },
            warnings,
        };
        let Prepared { command, handler, parameters } = match self.prepare(command, parameters) {
            Ok(prepared) => prepared,
            Err(refused) => return conclude(Some(refused), Receipt::default(), Vec::new()),
        };
        let limit = context.time_limit.unwrap_or(self.session.time_limit());
        let tenant = parameters.integer("Footprint Tenant ID");
        let span = info_span!("command", name = command.name, request_id = context.request_id);
        let mut call = span.in_scope(|| Call::new(&self.session, command, tenant, limit, sink));
        let running = tokio::time::timeout(limit, handler.run(&parameters, &mut call)).instrument(span.clone());
        let result = running.await.unwrap_or_else(|_| Err(call.out_of_time(limit)));
        let (receipt, warnings) = call.finish();
        span.in_scope(|| log_end(result.as_ref().err(), &receipt));
        conclude(result.err().map(|failure| (Some(command), failure)), receipt, warnings)
    }

    async fn diagnose(&self, context: &ExecutionContext) -> Diagnosis {
        let span = info_span!("diagnose", request_id = context.request_id);
        diagnose(&self.session, &self.manifest, context).instrument(span).await
    }
}

/// A command that can be run.
struct Prepared<'a> {
    command: &'a Command,
    handler: &'static dyn Handler,
    parameters: Parameters,
}

impl FootprintConnector {
    /// The command, its handler and its typed parameters; or why it cannot be run, before anything is sent.
    fn prepare(&self, name: &str, raw: &RawParameters) -> Result<Prepared<'_>, (Option<&Command>, Failure)> {
        let command =
            self.manifest.command(name).map_err(|error| (None, Failure::new("unknown-command", error.to_string())))?;
        let handler = COMMANDS
            .iter()
            .find(|entry| entry.name == command.name)
            .map(|entry| entry.handler)
            .ok_or_else(|| (Some(command), Failure::new("unknown-command", "The command has no handler.")))?;
        let parameters = Parameters::parse(command, raw).map_err(|problems| {
            let code = problems.first().map_or("invalid-parameter", |problem| problem.code());
            let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            (Some(command), Failure::new(code, text))
        })?;
        Ok(Prepared { command, handler, parameters })
    }

    /// The Error tab of a failed command, of a name that no command has if it is `None`.
    fn error(&self, command: Option<&Command>, failure: Failure) -> CommandError {
        let indicator = command.map_or_else(|| "The command failed.".to_owned(), Command::failure_indicator);
        error_tab(&self.manifest, command, indicator, failure)
    }
}

/// Logs how a command ended.
fn log_end(failure: Option<&Failure>, receipt: &Receipt) {
    let (requests, retries, rows) = (receipt.requests, receipt.retries, receipt.rows);
    match failure {
        None => info!(requests, retries, rows, "Successful"),
        Some(failure) => info!(requests, retries, status = failure.status, code = failure.code, "Failed"),
    }
}

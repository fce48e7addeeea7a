//! The plugin and its connectors.

use std::sync::Arc;

use async_trait::async_trait;
use soar_connector::manifest::ManifestFile;
use soar_connector::{
    Clock, Commands, Conclusion, Connector, Diagnosis, ExecutionContext, FollowToken, Invocation, Manifest,
    ManifestError, Plugin, Polled, SettingValues, SettingsError, Sink, SystemClock,
};
use tracing::{Instrument as _, info_span};

use crate::commands::COMMANDS;
use crate::diagnose::diagnose;
use crate::session::{BudgetPool, VendorSession};
use crate::settings::ConnectionSettings;

/// The CODA Footprint plugin: builds a connector for each connection.
#[derive(Debug, Clone)]
pub struct FootprintPlugin {
    commands: Arc<Commands<VendorSession>>,
    /// Shared by all connections that this plugin builds.
    pool: Arc<BudgetPool>,
}

impl FootprintPlugin {
    /// Loads the plugin's embedded manifest.
    ///
    /// # Errors
    /// [`ManifestError`] when a manifest file in this source tree is broken; a released plugin never fails.
    pub fn new() -> Result<Self, ManifestError> {
        let connector =
            ManifestFile { name: "manifest/connector.toml", text: include_str!("../manifest/connector.toml") };
        let pool = Arc::new(BudgetPool::new(Arc::new(SystemClock::new())));
        Ok(Self { commands: Arc::new(Commands::load(connector, COMMANDS)?), pool })
    }

    /// The plugin of the same manifest with another clock than the machine's, for tests: it decides over token expiry, waits
    /// and rates. The two plugins share no connections and no rates.
    #[must_use]
    pub fn with_clock(&self, clock: Arc<dyn Clock>) -> Self {
        Self { commands: Arc::clone(&self.commands), pool: Arc::new(BudgetPool::new(clock)) }
    }
}

impl Plugin for FootprintPlugin {
    fn manifest(&self) -> &Manifest {
        self.commands.manifest()
    }

    fn build(&self, settings: &SettingValues) -> Result<Arc<dyn Connector>, SettingsError> {
        let session =
            VendorSession::new(ConnectionSettings::new(settings)?, Arc::clone(self.commands.manifest()), &self.pool);
        Ok(Arc::new(FootprintConnector { commands: Arc::clone(&self.commands), session }))
    }
}

/// A connection to one Footprint instance.
#[derive(Debug)]
struct FootprintConnector {
    commands: Arc<Commands<VendorSession>>,
    session: VendorSession,
}

#[async_trait]
impl Connector for FootprintConnector {
    fn manifest(&self) -> &Manifest {
        self.commands.manifest()
    }

    async fn execute_into(
        &self,
        invocation: &Invocation,
        context: &ExecutionContext,
        sink: &mut dyn Sink,
    ) -> Conclusion {
        self.commands.run(&self.session, invocation, context, self.session.time_limit(), sink).await
    }

    async fn start(
        &self,
        invocation: &Invocation,
        context: &ExecutionContext,
    ) -> Result<(FollowToken, Conclusion), Conclusion> {
        self.commands.start(&self.session, invocation, context, self.session.time_limit()).await
    }

    async fn poll(
        &self,
        invocation: &Invocation,
        token: &FollowToken,
        context: &ExecutionContext,
        sink: &mut dyn Sink,
    ) -> Polled {
        self.commands.poll(&self.session, (invocation, token), context, self.session.time_limit(), sink).await
    }

    async fn cancel(
        &self,
        invocation: &Invocation,
        token: &FollowToken,
        context: &ExecutionContext,
    ) -> Result<bool, Conclusion> {
        self.commands.cancel(&self.session, (invocation, token), context, self.session.time_limit()).await
    }

    async fn diagnose(&self, context: &ExecutionContext) -> Diagnosis {
        let span = info_span!("diagnose", request_id = context.request_id);
        diagnose(&self.session, self.manifest(), context).instrument(span).await
    }
}

//! A running host: its services, put together.

use std::fmt;
use std::sync::Arc;

use soar_connector::Clock;
use soar_store::{Store, StoreError};
use tokio::sync::watch;

use crate::EvenClock;
use crate::access::{Directory, SecretSeal};
use crate::alerts::Courier;
use crate::audit::AuditWriter;
use crate::commands::{CommandRegistry, IntegrationCommands, RegistryError};
use crate::executor::Executor;
use crate::finding_deliverer::FindingDeliverer;
use crate::findings::{FindingCollector, Findings};
use crate::limits::Refusals;
use crate::metrics::HostMetrics;
use crate::operations::{Changes, Operations};
use crate::results::Results;
use crate::rules::Rules;
use crate::scheduler::{ExecutorRunner, Scheduler};
use crate::settings::HostSettings;
use crate::sign_in::{SignIn, SignInParts};
use crate::tenants::{self, SyncConnection, Tenants, UpdateTenantSiteStatus};
use crate::vault::Vault;
use soar_store::model::Moment;

/// A host: its store and its services.
pub struct Host {
    /// The settings.
    pub settings: HostSettings,
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The operations that callers can perform.
    pub operations: Operations,
    /// The cache of sites, users, roles and keys.
    pub directory: Arc<Directory>,
    /// The audit log's writer.
    pub audit: AuditWriter,
    /// Limits and counts refused calls.
    pub refusals: Arc<Refusals>,
    sign_in: SignIn,
    /// Opens the secrets of JWT keys.
    pub seal: Arc<dyn SecretSeal>,
    /// The commands that callers can run.
    pub commands: CommandRegistry,
    /// The metrics.
    pub metrics: HostMetrics,
    /// Runs connectors' commands; none in a host that has no connectors.
    pub executor: Option<Executor>,
    /// Sends connections to tenants, and takes them from masters; none in a host that has no connectors.
    pub tenants: Option<Arc<Tenants>>,
    /// Runs health checks and schedules; none in a host that leaves them to other hosts.
    pub scheduler: Option<Arc<Scheduler>>,
    /// Delivers alerts and changes of findings; none in a host that leaves due work to other hosts.
    courier: Option<Arc<dyn Courier>>,
}

impl fmt::Debug for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Host").field("store", &self.settings.store).finish_non_exhaustive()
    }
}

impl Host {
    /// A host that is ready to be served. Starts the audit log's writer, so it needs a running Tokio.
    #[must_use]
    pub fn new(
        settings: HostSettings,
        store: Store,
        clock: Arc<dyn Clock>,
        seal: Arc<dyn SecretSeal>,
        commands: CommandRegistry,
    ) -> Arc<Self> {
        Arc::new(Self::made_of(settings, store, clock, seal, commands, None))
    }

    fn made_of(
        settings: HostSettings,
        store: Store,
        clock: Arc<dyn Clock>,
        seal: Arc<dyn SecretSeal>,
        commands: CommandRegistry,
        vault: Option<Vault>,
    ) -> Self {
        let directory = Arc::new(Directory::new(store.clone()));
        let public_address = settings.public_address();
        let changes = Changes::new(store.clone()).keeping_answers(settings.answers_kept(), Arc::clone(&seal));
        let operations = Operations {
            changes,
            store: store.clone(),
            clock: Arc::clone(&clock),
            command_timeout: settings.command_timeout(),
            public_address: public_address.clone(),
            sign_in: settings.sign_in.clone(),
            seal: Some(Arc::clone(&seal)),
            known_commands: commands.known(),
            connections: None,
            executor: None,
            results: Results::default(),
            tenants: None,
            findings: Arc::new(Findings::new(settings.findings.clone())),
        };
        let audit = AuditWriter::start(store.clone());
        let refusals = Arc::new(Refusals::new(settings.refused_per_second, Arc::clone(&clock)));
        let parts = SignInParts {
            store: store.clone(),
            directory: Arc::clone(&directory),
            changes: operations.changes.clone(),
            clock: Arc::clone(&clock),
            seal: Arc::clone(&seal),
            audit: audit.clone(),
            refusals: Arc::clone(&refusals),
            vault,
            public_address,
        };
        Self {
            operations,
            directory,
            audit,
            refusals,
            sign_in: SignIn::new(parts, settings.sign_in.clone()),
            metrics: HostMetrics::new(),
            settings,
            store,
            clock,
            seal,
            commands,
            executor: None,
            tenants: None,
            scheduler: None,
            courier: None,
        }
    }

    /// A host with the utility commands and the commands that `executor` runs on the connections of its store.
    ///
    /// # Errors
    /// [`RegistryError`] when a connector's command has the address of another one.
    pub fn with_connectors(settings: HostSettings, executor: Executor) -> Result<Arc<Self>, RegistryError> {
        Self::connected(settings, executor).map(Arc::new)
    }

    /// As [`Host::with_connectors`]. The host also runs the health checks and schedules of its store, unless its
    /// settings turn that off. `courier` delivers alerts.
    ///
    /// # Errors
    /// [`RegistryError`] when a connector's command has the address of another one.
    pub fn with_schedules(
        settings: HostSettings,
        executor: Executor,
        courier: Arc<dyn Courier>,
    ) -> Result<Arc<Self>, RegistryError> {
        let host = Self::connected(settings, executor.clone())?;
        if !host.settings.schedules.run {
            return Ok(Arc::new(host));
        }
        let runner = ExecutorRunner::new(executor, host.store.clone()).collecting(host.settings.findings.clone());
        let (runner, sender) = (Arc::new(runner), Some(Arc::clone(&courier)));
        let (store, clock) = (host.store.clone(), Arc::clone(&host.clock));
        let scheduler = Scheduler::new(store, clock, runner, courier, host.settings.scheduler());
        let scheduler = Some(Arc::new(scheduler.counting(host.metrics.scheduler())));
        Ok(Arc::new(Self { scheduler, courier: sender, ..host }))
    }

    fn connected(settings: HostSettings, executor: Executor) -> Result<Self, RegistryError> {
        let connections = executor.connections().clone();
        let integrations: Arc<dyn IntegrationCommands> = Arc::new(executor.clone());
        let tenants = Arc::new(Tenants::new(connections.clone(), settings.tenants.clone()));
        let sync = Arc::new(SyncConnection(Arc::clone(&tenants)));
        let site_status = Arc::new(UpdateTenantSiteStatus(Arc::clone(&tenants)));
        let commands = CommandRegistry::new()
            .with_own_utilities()?
            .with_external(tenants::ENDPOINT, tenants::manifest(), sync)?
            .with_external(tenants::SITE_STATUS_ENDPOINT, tenants::site_status_manifest(), site_status)?
            .with_integrations(&integrations)?;
        let seal = Arc::new(connections.keyring.clone());
        let (store, clock) = (connections.store.clone(), Arc::clone(&connections.clock));
        let mut host = Self::made_of(settings, store, clock, seal, commands, Some(connections.vault.clone()));
        host.operations.connections = Some(connections);
        host.operations.executor = Some(executor.clone());
        host.operations.tenants = Some(Arc::clone(&tenants));
        Ok(Self { executor: Some(executor), tenants: Some(tenants), ..host })
    }

    /// Collects and delivers findings, and applies rules to them, until `stop` is true. Does nothing in a host that leaves due work to other hosts.
    pub async fn serve_findings(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let (Some(executor), Some(courier)) = (&self.executor, &self.courier) else { return };
        let collector = FindingCollector::new(executor.clone(), self.settings.findings.clone());
        let deliverer = FindingDeliverer::new(self.operations.clone(), Arc::clone(courier));
        let rules = Rules::new(executor.connections().clone(), Arc::clone(&self.operations.findings));
        tokio::join!(collector.serve(stop.clone()), deliverer.serve(stop.clone()), rules.serve(stop));
    }

    /// Follows work in products until `stop` is true. Does nothing in a host that leaves due work to other hosts.
    pub async fn serve_followed_runs(self: Arc<Self>, stop: watch::Receiver<bool>) {
        if let (Some(executor), true) = (&self.executor, self.settings.schedules.run) {
            executor.clone().serve_followed_runs(stop).await;
        }
    }

    /// Signs users in to the console.
    #[must_use]
    pub fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }

    /// Deletes answers under Idempotency-Keys that have expired, unless `clock`, the database's, was set lately. Returns
    /// their number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_answers(&self, clock: &mut EvenClock) -> Result<u64, StoreError> {
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        let now = records.now().await?;
        if !clock.allows_deleting(now, self.clock.elapsed()) {
            return Ok(0);
        }
        let purged = records.purge_answers(now).await?;
        transaction.commit().await?;
        Ok(purged)
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment::from(self.clock.now())
    }
}

//! What a running host has at hand for every call.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use soar_connector::Clock;
use tokio::sync::Semaphore;

use crate::access::{Directory, SecretSeal};
use crate::audit::AuditWriter;
use crate::command_api::{CommandRegistry, IntegrationCommands, RegistryError, RememberedAnswers, SharedReads};
use crate::executor::Executor;
use crate::gate::{RateLimits, Refusals};
use crate::server::{HostMetrics, HostSettings};
use crate::store::Store;

/// A host: its store, what it remembers, its commands and its limits.
#[derive(Debug)]
pub struct Host {
    /// How it is set up.
    pub settings: HostSettings,
    /// Everything it keeps.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Sites, users, roles and keys, as remembered.
    pub directory: Directory,
    /// The audit log's writer.
    pub audit: AuditWriter,
    /// Opens the secrets of JWT keys.
    pub seal: Arc<dyn SecretSeal>,
    /// What can be called.
    pub commands: CommandRegistry,
    /// How often each key may call.
    pub(crate) limits: RateLimits,
    /// How many calls without a good key come from where.
    pub(crate) refusals: Refusals,
    /// One permit per call that may run at once.
    pub(crate) in_flight: Arc<Semaphore>,
    /// Calls that read, and ask the same.
    pub(crate) reads: SharedReads,
    /// Answers to calls that read.
    pub(crate) answers: RememberedAnswers,
    /// What the metrics call a command that is not known.
    pub(crate) unknown: Arc<str>,
    /// What is counted.
    pub metrics: HostMetrics,
    /// Runs connectors' commands; none in a host that has no connectors.
    pub executor: Option<Executor>,
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
        Arc::new(Self::made_of(settings, store, clock, seal, commands))
    }

    fn made_of(
        settings: HostSettings,
        store: Store,
        clock: Arc<dyn Clock>,
        seal: Arc<dyn SecretSeal>,
        commands: CommandRegistry,
    ) -> Self {
        Self {
            directory: Directory::new(store.clone(), Arc::clone(&clock)),
            audit: AuditWriter::start(store.clone()),
            limits: RateLimits::new(settings.requests_per_second, Arc::clone(&clock)),
            refusals: Refusals::new(settings.refused_per_second, Arc::clone(&clock)),
            in_flight: Arc::new(Semaphore::new(settings.calls_in_flight())),
            reads: SharedReads::default(),
            answers: RememberedAnswers::new(settings.remembered_bytes),
            unknown: "unknown".into(),
            metrics: HostMetrics::new(),
            settings,
            store,
            clock,
            seal,
            commands,
            executor: None,
        }
    }

    /// A host with the utility commands and the commands that `executor` runs on the connections of its store.
    ///
    /// # Errors
    /// [`RegistryError`] when a connector's command has the address of another one.
    pub fn with_connectors(settings: HostSettings, executor: Executor) -> Result<Arc<Self>, RegistryError> {
        let connections = executor.connections();
        let integrations: Arc<dyn IntegrationCommands> = Arc::new(executor.clone());
        let commands = CommandRegistry::new().with_own_utilities()?.with_integrations(&integrations)?;
        let seal = Arc::new(connections.keyring.clone());
        let (store, clock) = (connections.store.clone(), Arc::clone(&connections.clock));
        Ok(Arc::new(Self { executor: Some(executor), ..Self::made_of(settings, store, clock, seal, commands) }))
    }

    /// The time in milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        let since = self.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

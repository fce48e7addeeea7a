//! Operations on an instance's connections at the terminal, while hosts may serve the same instance.

use std::sync::Arc;

use anyhow::Result;
use soar_host::connections::Connections;
use soar_host::executor::Executor;
use soar_host::operations::Operations;
use soar_host::tenants::Tenants;
use soar_host::vault::Vault;
use tokio::task::JoinHandle;

use super::{OperatorSession, advised, registry};

impl OperatorSession {
    /// The operations, including those on connections, tenants and masters. They run no command of a connector.
    pub(crate) fn connected_operations(&self) -> Result<Operations> {
        let connections = self.connections()?;
        let tenants = Tenants::new(connections.clone(), self.settings.resolved(&self.folder)?.tenants);
        Ok(Operations { connections: Some(connections), tenants: Some(Arc::new(tenants)), ..self.operations() })
    }

    fn connections(&self) -> Result<Connections> {
        let vault = Vault::new(self.settings.vault.clone());
        let (store, clock) = (self.store.clone(), Arc::clone(&self.clock));
        let connections = Connections::new(store, Arc::new(registry()?), self.keyring()?, vault, clock);
        Ok(connections.with_webhooks(self.settings.alerts.webhook_names()))
    }
}

/// All operations, and an executor in this process that runs connectors' commands.
#[derive(Debug)]
pub(crate) struct Executing {
    pub(crate) operations: Operations,
    pub(crate) executor: Executor,
    heartbeat: JoinHandle<()>,
}

impl Executing {
    pub(crate) async fn start(session: &OperatorSession) -> Result<Self> {
        let settings = session.settings.executor.clone();
        let executor = Executor::start(session.connections()?, settings).await.map_err(advised)?;
        let heartbeat = tokio::spawn(executor.clone().keep_going());
        let operations = Operations { executor: Some(executor.clone()), ..session.connected_operations()? };
        Ok(Self { operations, executor, heartbeat })
    }

    /// Waits for the commands that still run, and records in the store that this process has ended.
    pub(crate) async fn end(self) -> Result<()> {
        let ended = self.executor.shutdown().await;
        self.heartbeat.abort();
        ended.map_err(advised)
    }
}

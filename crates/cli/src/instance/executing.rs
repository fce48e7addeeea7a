//! Runs commands on an instance's connections from the terminal, beside whatever else runs them.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use coda_footprint::FootprintPlugin;
use soar_connector::Plugin;
use soar_host::connections::Connections;
use soar_host::executor::{Executor, Registry};
use soar_host::vault::Vault;
use tokio::task::JoinHandle;

use super::{OperatorSession, advised};

/// The integrations that are compiled in.
pub(crate) fn registry() -> Result<Registry> {
    let plugins: Vec<Arc<dyn Plugin>> = vec![Arc::new(FootprintPlugin::new()?)];
    Registry::new(plugins, &[]).map_err(|error| anyhow!(error))
}

/// The instance's connections.
pub(crate) fn connections(session: &OperatorSession) -> Result<Connections> {
    let vault = Vault::new(session.settings.vault.clone());
    let (store, clock) = (session.store.clone(), Arc::clone(&session.clock));
    Ok(Connections::new(store, Arc::new(registry()?), session.keyring()?, vault, clock))
}

/// An executor that gives signs of life.
#[derive(Debug)]
pub(crate) struct Executing {
    pub(crate) executor: Executor,
    signs: JoinHandle<()>,
}

impl Executing {
    pub(crate) async fn start(session: &OperatorSession) -> Result<Self> {
        let settings = session.settings.executor.clone();
        let executor = Executor::start(connections(session)?, settings).await.map_err(advised)?;
        let signs = tokio::spawn(executor.clone().keep_going());
        Ok(Self { executor, signs })
    }

    /// Waits for what still runs, and signs off.
    pub(crate) async fn end(self) -> Result<()> {
        let ended = self.executor.shutdown().await;
        self.signs.abort();
        ended.map_err(advised)
    }
}

//! The cache of connectors. A connector is built at its first use, shared by all calls, and built again when its
//! connection or agent changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::{Connector, Plugin, Redactor};
use soar_store::StoredAgent;
use soar_store::model::{AgentId, Connection, ConnectionId, Version};

use crate::connections::Connections;

/// A connector and the redactor for its secrets.
#[derive(Debug, Clone)]
pub(super) struct ReadyConnector {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) redactor: Arc<Redactor>,
    /// The name of the agent that the connector uses.
    pub(super) agent: Option<Arc<str>>,
}

/// The versions from which a connector was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BuiltFrom {
    connection: Version,
    agent: Option<(AgentId, Version)>,
}

impl BuiltFrom {
    /// Whether a connector that was built from this is not older than `wanted`.
    fn serves(self, wanted: Self) -> bool {
        match (self.agent, wanted.agent) {
            // A newer version of the connection may use another agent.
            _ if self.connection > wanted.connection => true,
            _ if self.connection < wanted.connection => false,
            (Some((known, version)), Some((agent, at_least))) => known == agent && version >= at_least,
            (known, agent) => known == agent,
        }
    }
}

struct CachedConnector {
    built_from: BuiltFrom,
    ready: ReadyConnector,
    secrets: Vec<(String, SecretString)>,
    /// The time at which secrets are fetched again from the vault, on the clock of elapsed time; `None` without
    /// references.
    fetch_again: Option<Duration>,
}

type Slot = Arc<tokio::sync::Mutex<Option<CachedConnector>>>;

/// The connectors by connection.
#[derive(Default)]
pub(super) struct Connectors {
    slots: Mutex<HashMap<ConnectionId, Slot>>,
}

impl Connectors {
    /// The cached connector of a connection without agent in this version. `None` where there is none, or another call
    /// is building it.
    pub(super) fn cached(
        &self,
        connections: &Connections,
        id: ConnectionId,
        version: Version,
    ) -> Option<ReadyConnector> {
        let slot = self.lock().get(&id).cloned()?;
        let entry = slot.try_lock().ok()?;
        let now = connections.clock.elapsed();
        let known =
            entry.as_ref().filter(|known| known.built_from.serves(BuiltFrom { connection: version, agent: None }))?;
        known.fetch_again.is_none_or(|due| now < due).then(|| known.ready.clone())
    }

    /// The connector of a connection. Calls that arrive while it is being built wait for it.
    ///
    /// # Errors
    /// The problem, without any secret.
    pub(super) async fn get(
        &self,
        connections: &Connections,
        connection: &Connection,
        plugin: &Arc<dyn Plugin>,
        fetch_again_after: Duration,
    ) -> Result<ReadyConnector, String> {
        // Read for each command, so that a change of the agent applies to the next command.
        let agent = connections.agent_of(connection).await?;
        let wanted = BuiltFrom { connection: connection.version, agent: agent.as_ref().map(version_of) };
        let slot = Arc::clone(self.lock().entry(connection.id).or_default());
        let mut entry = slot.lock().await;
        let now = connections.clock.elapsed();
        if let Some(known) = entry.as_ref()
            && known.built_from.serves(wanted)
            && known.fetch_again.is_none_or(|due| now < due)
        {
            return Ok(known.ready.clone());
        }
        let resolved = connections.resolve(connection, &**plugin, agent.as_ref()).await?;
        let fetch_again = resolved.has_references.then(|| now + fetch_again_after);
        if let Some(known) = entry.as_mut()
            && known.built_from.serves(wanted)
            && is_same(&known.secrets, &resolved.secrets)
        {
            // The secrets are the same, so the session is kept.
            known.fetch_again = fetch_again;
            return Ok(known.ready.clone());
        }
        let (plugin, values) = (Arc::clone(plugin), resolved.values);
        let built = tokio::spawn(async move { plugin.build(&values) }).await;
        let connector = match built {
            Ok(Ok(connector)) => connector,
            Ok(Err(error)) => return Err(resolved.redactor.clean(&error.to_string()).into_owned()),
            Err(_) => {
                return Err("The plugin panicked with the connection's parameters. Report that to the maker of \
                                  the plugin."
                    .to_owned());
            }
        };
        let agent = agent.map(|agent| agent.agent.name.into());
        let ready = ReadyConnector { connector, redactor: Arc::new(resolved.redactor), agent };
        *entry =
            Some(CachedConnector { built_from: wanted, ready: ready.clone(), secrets: resolved.secrets, fetch_again });
        Ok(ready)
    }

    /// Makes the next use fetch secrets from the vault again. Called after a failed command, since a changed secret may
    /// be the cause.
    pub(super) fn refetch_secrets(&self, connection: ConnectionId) {
        let slot = self.lock().get(&connection).cloned();
        // If another call holds the lock, it is fetching the secrets now.
        if let Some(slot) = slot
            && let Ok(mut entry) = slot.try_lock()
            && let Some(entry) = entry.as_mut()
            && entry.fetch_again.is_some()
        {
            entry.fetch_again = Some(Duration::ZERO);
        }
    }

    /// Drops the connectors of connections that no longer exist or have a newer version.
    pub(super) fn keep(&self, versions: &HashMap<ConnectionId, Version>) {
        self.lock().retain(|id, slot| {
            let Some(version) = versions.get(id) else { return false };
            slot.try_lock()
                .map_or(true, |entry| entry.as_ref().is_none_or(|entry| entry.built_from.connection >= *version))
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ConnectionId, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn version_of(agent: &StoredAgent) -> (AgentId, Version) {
    (agent.agent.id, agent.agent.version)
}

fn is_same(one: &[(String, SecretString)], other: &[(String, SecretString)]) -> bool {
    let plain = |secrets: &[(String, SecretString)]| -> Vec<(String, zeroize::Zeroizing<String>)> {
        secrets.iter().map(|(name, secret)| (name.clone(), secret.expose_secret().to_owned().into())).collect()
    };
    plain(one) == plain(other)
}

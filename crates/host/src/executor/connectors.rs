//! The connectors at hand: built when first used, shared by all calls, and built anew when their connection changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::{Connector, Plugin, Redactor};
use soar_store::model::{Connection, ConnectionId};

use crate::connections::Connections;

/// A connector, and what knows its secrets.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) redactor: Arc<Redactor>,
}

struct CachedConnector {
    version: i64,
    ready: Ready,
    secrets: Vec<(String, SecretString)>,
    /// When secrets that live elsewhere are fetched again, on the clock's elapsed time; none where all are sealed.
    fetch_again: Option<Duration>,
}

type Slot = Arc<tokio::sync::Mutex<Option<CachedConnector>>>;

/// Connectors by their connection's number.
#[derive(Default)]
pub(super) struct Connectors {
    slots: Mutex<HashMap<ConnectionId, Slot>>,
}

impl Connectors {
    /// The connector of a connection at that version, if it is there and nobody is busy with it.
    pub(super) fn at_hand(&self, connections: &Connections, id: ConnectionId, version: i64) -> Option<Ready> {
        let slot = self.lock().get(&id).cloned()?;
        let entry = slot.try_lock().ok()?;
        let now = connections.clock.elapsed();
        let known = entry.as_ref().filter(|known| known.version >= version)?;
        known.fetch_again.is_none_or(|due| now < due).then(|| known.ready.clone())
    }

    /// The connection's connector; callers that come while it is built wait for it. Otherwise what hinders that, without
    /// any secret.
    pub(super) async fn get(
        &self,
        connections: &Connections,
        connection: &Connection,
        plugin: &Arc<dyn Plugin>,
        fetch_again_after: Duration,
    ) -> Result<Ready, String> {
        let slot = Arc::clone(self.lock().entry(connection.id).or_default());
        let mut entry = slot.lock().await;
        let now = connections.clock.elapsed();
        if let Some(known) = entry.as_ref()
            && known.version >= connection.version
            && known.fetch_again.is_none_or(|due| now < due)
        {
            return Ok(known.ready.clone());
        }
        let resolved = connections.resolve(connection, &**plugin).await?;
        let fetch_again = resolved.has_references.then(|| now + fetch_again_after);
        if let Some(known) = entry.as_mut()
            && known.version >= connection.version
            && is_same(&known.secrets, &resolved.secrets)
        {
            // Its session goes on.
            known.fetch_again = fetch_again;
            return Ok(known.ready.clone());
        }
        let (plugin, values) = (Arc::clone(plugin), resolved.values);
        let built = tokio::spawn(async move { plugin.build(&values) }).await;
        let connector = match built {
            Ok(Ok(connector)) => connector,
            Ok(Err(error)) => return Err(resolved.redactor.clean(&error.to_string()).into_owned()),
            Err(_) => return Err("The plugin broke down over the connection's parameters. Tell its maker.".to_owned()),
        };
        let ready = Ready { connector, redactor: Arc::new(resolved.redactor) };
        *entry = Some(CachedConnector {
            version: connection.version,
            ready: ready.clone(),
            secrets: resolved.secrets,
            fetch_again,
        });
        Ok(ready)
    }

    /// Fetches secrets that live elsewhere again at the next use: a command failed, maybe because they have changed.
    pub(super) fn doubt(&self, connection: ConnectionId) {
        let slot = self.lock().get(&connection).cloned();
        // Whoever holds it is about to fetch them.
        if let Some(slot) = slot
            && let Ok(mut entry) = slot.try_lock()
            && let Some(entry) = entry.as_mut()
            && entry.fetch_again.is_some()
        {
            entry.fetch_again = Some(Duration::ZERO);
        }
    }

    /// Drops the connectors of connections that are not among these, by number, or were changed since.
    pub(super) fn keep(&self, versions: &HashMap<ConnectionId, i64>) {
        self.lock().retain(|id, slot| {
            let Some(version) = versions.get(id) else { return false };
            slot.try_lock().map_or(true, |entry| entry.as_ref().is_none_or(|entry| entry.version >= *version))
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ConnectionId, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_same(one: &[(String, SecretString)], other: &[(String, SecretString)]) -> bool {
    let plain = |secrets: &[(String, SecretString)]| -> Vec<(String, zeroize::Zeroizing<String>)> {
        secrets.iter().map(|(name, secret)| (name.clone(), secret.expose_secret().to_owned().into())).collect()
    };
    plain(one) == plain(other)
}

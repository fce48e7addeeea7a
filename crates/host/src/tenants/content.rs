//! Reads what is sent to a tenant: connections with their secrets, numbered in the same transaction, so that a higher
//! number never carries anything older.

use std::collections::{BTreeMap, HashMap};

use secrecy::SecretString;
use soar_store::model::{Connection, ConnectionId, MessageNumber, Place, Reference, SyncFailure, TenantId};
use soar_store::{ConnectionFilter, StoreError, StoredParameter, StoredValue, TenancySecret};
use tokio::sync::Mutex;

use super::envelope::Envelope;
use super::failure::failure;
use super::message::{SentConnection, SentHealthCheck, SentValue};
use crate::connections::{Connections, is_path_of_certificates, open_secret};

/// A tenant's line: its address and its envelope.
pub(super) struct Line {
    pub(super) url: String,
    pub(super) envelope: Envelope,
}

/// A connection as the store has it.
struct Stored {
    connection: Connection,
    parameters: Vec<StoredParameter>,
}

/// Messages that are ready but for their words: the number of the first one, and the connections.
pub(super) struct PreparedMessages {
    pub(super) line: Line,
    pub(super) first: MessageNumber,
    pub(super) contents: Vec<Result<Box<SentConnection>, SyncFailure>>,
}

/// Secrets that live elsewhere, each fetched once for a whole run.
#[derive(Default)]
pub(super) struct Fetched(Mutex<HashMap<Reference, Result<SecretString, String>>>);

/// What the numbers were asked for.
pub(super) enum Wish<'a> {
    /// One for each of these connections.
    Connections(&'a [ConnectionId]),
    /// One, for something else.
    One,
}

/// Gives out numbers beyond `at_least` to the tenant of that number, and reads the connections. None when it is not
/// registered.
pub(super) async fn prepare_messages(
    connections: &Connections,
    fetched: &Fetched,
    tenant: TenantId,
    wish: Wish<'_>,
    at_least: MessageNumber,
) -> Result<Option<PreparedMessages>, StoreError> {
    let ids = match wish {
        Wish::Connections(ids) => ids,
        Wish::One => &[],
    };
    let count = i64::try_from(ids.len()).unwrap_or(1).max(1);
    let mut transaction = connections.store.transaction().await?;
    let mut records = transaction.records();
    let Some((first, pair)) = records.give_out_numbers(tenant, count, at_least).await? else { return Ok(None) };
    let mut stored = Vec::with_capacity(ids.len());
    for id in ids {
        let connection = match records.connection(*id).await {
            Ok(connection) => connection,
            Err(StoreError::NotFound { .. }) => {
                stored.push(None);
                continue;
            }
            Err(error) => return Err(error),
        };
        let parameters = records.connection_parameters(ConnectionFilter::Id(*id)).await?.remove(id).unwrap_or_default();
        stored.push(Some(Stored { connection, parameters }));
    }
    transaction.commit().await?;
    let place = TenancySecret::Tenant(tenant);
    let secret = connections.keyring.open(&place.context(), &pair.sealed);
    let secret = secret.map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let envelope = Envelope::new(&pair.pair, &secret);
    let envelope = envelope.ok_or_else(|| StoreError::Unreadable("the secret of a pair".to_owned()))?;
    let mut contents = Vec::with_capacity(stored.len());
    for one in stored {
        contents.push(match one {
            Some(stored) => opened(connections, fetched, stored).await.map(Box::new),
            None => Err(failure(
                "connection-gone",
                "The connection is not there any more on this master.",
                "Leave it out. Sync All Shared takes it back from the tenant.",
            )),
        });
    }
    Ok(Some(PreparedMessages { line: Line { url: pair.url, envelope }, first, contents }))
}

async fn opened(connections: &Connections, fetched: &Fetched, stored: Stored) -> Result<SentConnection, SyncFailure> {
    let Stored { connection, parameters: kept } = stored;
    if let Some(owner) = &connection.owner {
        return Err(failure(
            "received",
            format!("The connection is the master {owner}'s, from which this instance received it."),
            "Let that master sync it: what was received is not shared on.",
        ));
    }
    let mut parameters = BTreeMap::new();
    for StoredParameter { name, value } in kept {
        let code =
            if matches!(value, StoredValue::Plain(_)) { "certificates-not-available" } else { "secret-not-available" };
        let value = match value {
            StoredValue::Plain(value) if is_path(connections, &connection, &name, &value) => {
                connections.certificates_at(&value).await.map(SecretString::from)
            }
            StoredValue::Plain(value) => Ok(SecretString::from(value)),
            StoredValue::Sealed(sealed) => {
                open_secret(&connections.keyring, connection.id, &name, &sealed).map_err(|error| error.to_string())
            }
            StoredValue::Reference(reference) => fetch(connections, fetched, reference).await,
        };
        let value = value.map_err(|problem| {
            failure(
                code,
                format!("{name}: {problem}"),
                "Mend that on this master: the connection cannot run here either.",
            )
        })?;
        parameters.insert(name, SentValue(value));
    }
    Ok(SentConnection {
        id: connection.id,
        shared: matches!(connection.place, Place::SharedToInternalSites { .. }),
        integration: connection.integration,
        name: connection.name,
        agent_name: connection.agent_name,
        description: connection.description,
        active: connection.active,
        users: connection.users.into_iter().map(|(_, name)| name).collect(),
        health_check: connection.health_check.map(SentHealthCheck::from),
        parameters,
    })
}

/// Whether a value is the path of a file of certificates, which means nothing on another host.
fn is_path(connections: &Connections, connection: &Connection, name: &str, value: &str) -> bool {
    let plugin = connections.registry.named(&connection.integration);
    plugin.is_ok_and(|plugin| is_path_of_certificates(&plugin.manifest().connector, name, value))
}

async fn fetch(connections: &Connections, fetched: &Fetched, reference: Reference) -> Result<SecretString, String> {
    // The lock is held during the fetch, so that each secret is fetched once.
    let mut known = fetched.0.lock().await;
    if let Some(secret) = known.get(&reference) {
        return secret.clone();
    }
    let secret = connections.vault.fetch(&reference).await.map_err(|error| error.to_string());
    known.insert(reference, secret.clone());
    secret
}

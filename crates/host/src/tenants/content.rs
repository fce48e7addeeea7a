//! Reads the connections for a tenant with their secrets. The message gets its number in the same transaction, so a
//! higher number never has older content.

use std::collections::{BTreeMap, HashMap};

use secrecy::SecretString;
use soar_store::model::{Connection, ConnectionId, ConnectionSites, MessageNumber, Reference, SyncFailure, TenantId};
use soar_store::{ConnectionFilter, StoreError, StoredParameter, StoredValue, TenancySecret};
use tokio::sync::Mutex;

use super::envelope::Envelope;
use super::failure::failure;
use super::message::{SentConnection, SentHealthCheck, SentValue};
use crate::connections::{Connections, is_path_of_certificates, open_secret, read_certificates};

/// The address and the envelope of a tenant.
pub(super) struct Channel {
    pub(super) url: String,
    pub(super) envelope: Envelope,
}

/// A stored connection.
struct StoredConnection {
    connection: Connection,
    parameters: Vec<StoredParameter>,
}

/// The content for messages: the number of the first message, and the connections.
pub(super) struct PreparedMessages {
    pub(super) channel: Channel,
    pub(super) first: MessageNumber,
    pub(super) contents: Vec<Result<Box<SentConnection>, SyncFailure>>,
}

/// Secrets from the vault, each fetched once per run.
#[derive(Default)]
pub(super) struct Fetched(Mutex<HashMap<Reference, Result<SecretString, String>>>);

/// The purpose of the numbers.
#[derive(Clone, Copy)]
pub(super) enum NumbersFor<'a> {
    /// One number for each of these connections.
    Connections(&'a [ConnectionId]),
    /// One number for another message.
    One,
}

/// Assigns numbers greater than `at_least` for messages to a tenant, and reads the connections. `None` where the tenant
/// is not registered.
pub(super) async fn prepare_messages(
    connections: &Connections,
    fetched: &Fetched,
    tenant: TenantId,
    purpose: NumbersFor<'_>,
    at_least: MessageNumber,
) -> Result<Option<PreparedMessages>, StoreError> {
    let ids = match purpose {
        NumbersFor::Connections(ids) => ids,
        NumbersFor::One => &[],
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
        stored.push(Some(StoredConnection { connection, parameters }));
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
                "The connection no longer exists on this master.",
                "Leave it out. Sync All Shared removes it from the tenant.",
            )),
        });
    }
    Ok(Some(PreparedMessages { channel: Channel { url: pair.url, envelope }, first, contents }))
}

async fn opened(
    connections: &Connections,
    fetched: &Fetched,
    stored: StoredConnection,
) -> Result<SentConnection, SyncFailure> {
    let StoredConnection { connection, parameters: kept } = stored;
    if let Some(owner) = &connection.owner {
        return Err(failure(
            "received",
            format!("The connection belongs to the master {owner}, which sent it to this instance."),
            "Sync it from that master. An instance does not sync connections that it received.",
        ));
    }
    let mut parameters = BTreeMap::new();
    for StoredParameter { name, value } in kept {
        let code =
            if matches!(value, StoredValue::Plain(_)) { "certificates-not-available" } else { "secret-not-available" };
        let value = match value {
            StoredValue::Plain(value) if is_path(connections, &connection, &name, &value) => {
                read_certificates(&value).await.map(SecretString::from)
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
                "Correct that on this master: the connection does not work here either.",
            )
        })?;
        parameters.insert(name, SentValue(value));
    }
    Ok(SentConnection {
        id: connection.id,
        shared: matches!(connection.place, ConnectionSites::SharedToInternalSites { .. }),
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

/// Whether a value is the path of a file with certificates, which has no meaning on another host.
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

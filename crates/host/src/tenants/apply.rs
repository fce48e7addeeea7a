//! On a tenant: creates, changes or deletes a connection as its master requests, within one transaction.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;
use soar_connector::name::quoted;
use soar_store::model::name::name_key;
use soar_store::model::{
    Allowed, Caller, Connection, ConnectionId, ConnectionSites, MasterId, Moment, SHARED, Site, SiteKind, SyncChange,
    SyncFailure, User, UserId,
};
use soar_store::{ConnectionFilter, NewReceived, ReceivedConnection, Records, StoreError, StoredValue};

use super::failure::failure;
use super::message::{SentConnection, SentHealthCheck, TenantAnswer, WithdrawnConnection};
use crate::Refusal;
use crate::connections::{ConnectionChange, ConnectionDraft, Connections, GivenValue, open_secret, unusable_agent};

/// The master that sent the message.
pub(super) struct SendingMaster<'a> {
    /// The master's id.
    pub(super) master: MasterId,
    pub(super) name: &'a str,
    pub(super) request_id: &'a str,
}

/// The reason for which a message was not applied.
pub(super) enum NotApplied {
    /// The master gets this reason.
    Refused(SyncFailure),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for NotApplied {
    fn from(error: StoreError) -> Self {
        match Refusal::from(error) {
            Refusal::Store(error) => Self::Store(error),
            refusal => Self::Refused(not_usable(&refusal.to_string())),
        }
    }
}

impl From<SyncFailure> for NotApplied {
    fn from(failure: SyncFailure) -> Self {
        Self::Refused(failure)
    }
}

fn not_usable(cause: &str) -> SyncFailure {
    failure("not-usable", cause, "Correct the connection on the master, or its requirements on the tenant. Then retry.")
}

/// The result for a received connection.
pub(super) struct Applied {
    pub(super) change: SyncChange,
    /// The reason for which no command runs on the connection here: its agent does not exist on this tenant.
    pub(super) without_agent: Option<SyncFailure>,
}

/// Creates or changes the connection as it was sent, and returns the result. A connection whose agent is missing is
/// saved too: no command runs on it then, whereas its former version could connect directly.
pub(super) async fn apply(
    connections: &Connections,
    records: &mut Records<'_>,
    sender: &SendingMaster<'_>,
    site: &str,
    sent: &SentConnection,
    now: Moment,
) -> Result<Applied, NotApplied> {
    let site = target(records, site).await?;
    connections.registry.named(&sent.integration).map_err(|error| {
        failure(
            "integration-missing",
            error.to_string(),
            "Update the tenant to a version that has the integration, then retry.",
        )
    })?;
    for user in &sent.users {
        if let Err(StoreError::NotFound { .. }) = records.user(user).await {
            return Err(failure(
                "user-missing",
                format!("The connection is for the user {}, who does not exist on the tenant.", quoted(user)),
                "Make the user on the tenant, or remove the user from the connection on the master. Then retry.",
            )
            .into());
        }
    }
    let caller = caller(sender, site.clone());
    // Only internal sites receive events, so on a client site the connection belongs to that site.
    let shared = sent.shared && site.kind == SiteKind::Internal;
    let known = known(records, sender.master, sent.id, &site, shared).await?;
    let draft = draft(sent, &site, shared, known.as_ref());
    let (connection, change) = match known {
        None => {
            let made = connections.create_received_in(records, &caller, draft).await;
            (made.map_err(|error| conflicting(error, sent, &site))?, SyncChange::Added)
        }
        Some(received) => {
            let old = records.connection(received.connection).await?;
            if is_same(connections, records, &old, sent, &draft).await? {
                let without_agent = without_agent(records, &old).await?;
                return Ok(Applied { change: SyncChange::Unchanged, without_agent });
            }
            let change = change(records, &old, draft).await?;
            let changed = connections.update_received_in(records, &caller, old.id, change).await;
            (changed.map_err(|error| conflicting(error, sent, &site))?, SyncChange::Changed)
        }
    };
    let noted =
        NewReceived { connection: connection.id, master: sender.master, master_connection: sent.id, site: site.id };
    records.note_received(noted, now).await?;
    let without_agent = without_agent(records, &connection).await?;
    Ok(Applied { change, without_agent })
}

/// Deletes the connections that the master sent to a site, except `keep`. Returns the deleted connections.
pub(super) async fn withdraw(
    connections: &Connections,
    records: &mut Records<'_>,
    sender: &SendingMaster<'_>,
    site: &str,
    keep: &[ConnectionId],
) -> Result<Vec<WithdrawnConnection>, NotApplied> {
    let site = target(records, site).await?;
    let caller = caller(sender, site.clone());
    let keep: std::collections::HashSet<ConnectionId> = keep.iter().copied().collect();
    let mut withdrawn = Vec::new();
    for received in records.received_from(sender.master, Some(site.id)).await? {
        if keep.contains(&received.master_connection) {
            continue;
        }
        let deleted = connections.delete_received_in(records, &caller, received.connection).await;
        let deleted = deleted.map_err(|error| refused(error, |cause| not_usable(&cause)))?;
        withdrawn.push(WithdrawnConnection {
            id: received.master_connection,
            name: deleted.name,
            integration: deleted.integration,
        });
    }
    Ok(withdrawn)
}

impl From<SyncChange> for TenantAnswer {
    fn from(change: SyncChange) -> Self {
        Self::Applied { change }
    }
}

async fn without_agent(records: &mut Records<'_>, connection: &Connection) -> Result<Option<SyncFailure>, NotApplied> {
    let Some(name) = connection.agent_name.as_deref() else { return Ok(None) };
    let agent = records.find_agent(name).await?;
    Ok(unusable_agent(name, agent.as_ref().map(|found| &found.agent), &connection.place).map(|why| {
        failure(
            "agent-missing",
            format!("The connection is on the tenant, but no command runs on it. {why}"),
            format!(
                "Make the agent {} on the tenant (footprint agent add), or change the connection's agent on the \
                 master. Then retry.",
                quoted(name)
            ),
        )
    }))
}

/// The site of a sync.
async fn target(records: &mut Records<'_>, name: &str) -> Result<Site, NotApplied> {
    let site = site_named(records, name).await?;
    match site.inactive() {
        None => Ok(site),
        Some(why) => {
            Err(failure("site-inactive", why, "Set the tenant's site active (Update Tenant Site Status), then retry.")
                .into())
        }
    }
}

/// The site of that name, active or not.
pub(super) async fn site_named(records: &mut Records<'_>, name: &str) -> Result<Site, NotApplied> {
    match records.site(name.trim()).await {
        Ok(site) => Ok(site),
        Err(StoreError::NotFound { .. }) => Err(failure(
            "no-such-site",
            format!("The tenant has no site {}.", quoted(name)),
            "Give the site's name as the tenant spells it in Tenant Site, or make the site there (footprint site add).",
        )
        .into()),
        Err(error) => Err(error.into()),
    }
}

/// The master as a caller. It has all rights on this tenant, but may change only its own connections.
fn caller(sender: &SendingMaster<'_>, site: Site) -> Caller {
    Caller {
        user: User {
            id: UserId(0),
            name: format!("master {}", sender.name),
            email: None,
            active: true,
            is_administrator: true,
        },
        site,
        roles: BTreeMap::new(),
        reach: Allowed::All,
        key: None,
        request_id: sender.request_id.to_owned(),
    }
}

/// The connection that an earlier sync created: the connection for this site, or for a shared connection the only one.
async fn known(
    records: &mut Records<'_>,
    master: MasterId,
    connection: ConnectionId,
    site: &Site,
    shared: bool,
) -> Result<Option<ReceivedConnection>, NotApplied> {
    let mut known = records.received_as(master, connection).await?;
    if let Some(own) = known.iter().position(|one| one.site == site.id) {
        return Ok(Some(known.swap_remove(own)));
    }
    if shared {
        for one in known {
            if matches!(records.connection(one.connection).await?.place, ConnectionSites::SharedToInternalSites { .. })
            {
                return Ok(Some(one));
            }
        }
    }
    Ok(None)
}

fn draft(sent: &SentConnection, site: &Site, shared: bool, known: Option<&ReceivedConnection>) -> ConnectionDraft {
    // If a shared connection is synced to a second site of the tenant, its recipient site stays the first.
    let is_elsewhere = shared && known.is_some_and(|known| known.site != site.id);
    ConnectionDraft {
        integration: sent.integration.clone(),
        name: sent.name.clone(),
        site: if shared { SHARED.to_owned() } else { site.name.clone() },
        recipient_site: (shared && !is_elsewhere).then(|| site.name.clone()),
        agent_name: sent.agent_name.clone(),
        description: sent.description.clone(),
        tenant: None,
        active: sent.active,
        users: sent.users.clone(),
        health_check_minutes: sent.health_check.as_ref().map(|check| check.every_minutes),
        health_check_email: sent.health_check.as_ref().and_then(|check| check.email.clone()),
        health_check_webhooks: sent.health_check.iter().flat_map(|check| check.webhooks.clone()).collect(),
        health_check_alert_after: sent.health_check.as_ref().map(|check| check.alert_after),
        health_check_recover_after: sent.health_check.as_ref().and_then(|check| check.recover_after),
        health_check_slow_ms: sent.health_check.as_ref().map(|check| check.slow_ms),
        parameters: sent
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), GivenValue::Value(value.0.clone())))
            .collect(),
    }
}

async fn change(
    records: &mut Records<'_>,
    old: &Connection,
    draft: ConnectionDraft,
) -> Result<ConnectionChange, NotApplied> {
    let mut parameters = draft.parameters;
    for kept in records.connection_parameters(ConnectionFilter::Id(old.id)).await?.remove(&old.id).unwrap_or_default() {
        parameters.entry(kept.name).or_insert(GivenValue::Nothing);
    }
    Ok(ConnectionChange {
        version: None,
        name: Some(draft.name),
        recipient_site: if draft.site == SHARED && draft.recipient_site.is_none() {
            None
        } else {
            Some(draft.recipient_site)
        },
        site: Some(draft.site),
        agent_name: Some(draft.agent_name),
        description: Some(draft.description),
        tenant: Some(None),
        active: Some(draft.active),
        users: Some(draft.users),
        health_check_minutes: Some(draft.health_check_minutes),
        health_check_email: Some(draft.health_check_email),
        health_check_webhooks: Some(draft.health_check_webhooks),
        health_check_alert_after: draft.health_check_alert_after,
        health_check_recover_after: draft.health_check_recover_after,
        health_check_slow_ms: draft.health_check_slow_ms,
        parameters,
    })
}

/// Whether the stored connection equals the sent connection, including its secrets.
async fn is_same(
    connections: &Connections,
    records: &mut Records<'_>,
    old: &Connection,
    sent: &SentConnection,
    draft: &ConnectionDraft,
) -> Result<bool, NotApplied> {
    let recipient = match &old.place {
        ConnectionSites::SharedToInternalSites { recipient } => recipient.as_ref().map(|site| site.name.clone()),
        ConnectionSites::Site(_) => None,
    };
    let names = |names: &mut dyn Iterator<Item = String>| {
        names.map(|name| name_key(&name)).collect::<std::collections::BTreeSet<_>>()
    };
    let form = old.integration == sent.integration
        && old.name == sent.name
        && old.place.name() == draft.site
        && (draft.recipient_site.is_none() || recipient == draft.recipient_site)
        && old.agent_name == sent.agent_name
        && old.description == sent.description
        && old.active == sent.active
        && old.health_check.clone().map(SentHealthCheck::from) == sent.health_check
        && names(&mut old.users.iter().map(|(_, name)| name.clone())) == names(&mut sent.users.iter().cloned());
    if !form {
        return Ok(false);
    }
    let kept = records.connection_parameters(ConnectionFilter::Id(old.id)).await?.remove(&old.id).unwrap_or_default();
    if kept.len() != sent.parameters.len() {
        return Ok(false);
    }
    for parameter in kept {
        let Some(wanted) = sent.parameters.get(&parameter.name) else { return Ok(false) };
        let wanted = wanted.0.expose_secret();
        let same = match &parameter.value {
            StoredValue::Plain(value) => value == wanted,
            // A secret that cannot be opened is set again.
            StoredValue::Sealed(sealed) => open_secret(&connections.keyring, old.id, &parameter.name, sealed)
                .is_ok_and(|secret| secret.expose_secret() == wanted),
            StoredValue::Reference(_) => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn conflicting(error: Refusal, sent: &SentConnection, site: &Site) -> NotApplied {
    match error {
        Refusal::About(StoreError::Duplicate { .. }) => failure(
            "name-taken",
            format!(
                "The tenant already has another connection {} of the same integration in that place ({}).",
                quoted(&sent.name),
                quoted(&site.name)
            ),
            "Rename or remove the tenant's connection, or rename the master's connection. Then retry.",
        )
        .into(),
        error => refused(error, |cause| not_usable(&cause)),
    }
}

fn refused(error: Refusal, to_failure: impl Fn(String) -> SyncFailure) -> NotApplied {
    match error {
        Refusal::Store(error) => NotApplied::Store(error),
        other => NotApplied::Refused(to_failure(other.to_string())),
    }
}

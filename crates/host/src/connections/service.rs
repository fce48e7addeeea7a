//! What can be done with connections.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::{Clock, Plugin, Redactor, SettingValues, SettingsError};
use soar_store::model::name::same_name;
use soar_store::model::{Caller, Connection, ConnectionId, KeyId, Moment, Place, Version};
use soar_store::{
    ConnectionFilter, Records, Store, StoreError, StoredAgent, StoredParameter, StoredValue, sealing_context,
};

use super::parameters::{Changes, Ground, NewValue, open};
use super::rights::{may_manage, may_see, missing_to_manage};
use super::{ConnectionChange, ConnectionDraft, agent, certificates, change, choose, health_check};
use crate::Refusal;
use crate::executor::Registry;
use crate::sealing::{Keyring, SealingGuard};
use crate::vault::Vault;

/// Connections: seen, made, changed and deleted in the name of a caller. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connections {
    pub(crate) store: Store,
    pub(crate) registry: Arc<Registry>,
    pub(crate) keyring: Keyring,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A connection's settings with its secrets, ready to build a connector.
pub(crate) struct Resolved {
    pub(crate) values: SettingValues,
    /// The secrets, to see whether one that lives elsewhere has changed.
    pub(crate) secrets: Vec<(String, SecretString)>,
    /// Knows the secrets.
    pub(crate) redactor: Redactor,
    /// Whether a secret lives elsewhere, where it can change.
    pub(crate) has_references: bool,
}

impl Connections {
    /// Connections of the integrations in `registry`, kept in `store`.
    #[must_use]
    pub fn new(store: Store, registry: Arc<Registry>, keyring: Keyring, vault: Vault, clock: Arc<dyn Clock>) -> Self {
        Self { store, registry, keyring, vault, clock }
    }

    /// All connections that the caller may see, by integration, name and place.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Connection>, Refusal> {
        self.list_in(&mut self.store.reader().await?.records(), caller, ConnectionFilter::All).await
    }

    /// The same, as `records` sees it.
    pub(crate) async fn list_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        wanted: ConnectionFilter,
    ) -> Result<Vec<Connection>, Refusal> {
        let sites = records.sites().await?;
        let mut connections = records.connections(wanted).await?;
        connections.retain(|connection| may_see(caller, connection, &sites));
        Ok(connections)
    }

    /// The connection of that number, without its secrets.
    ///
    /// # Errors
    /// [`Refusal`] when there is none that the caller may see.
    pub async fn see(&self, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal> {
        self.see_in(&mut self.store.reader().await?.records(), caller, id).await
    }

    /// The same, as `records` sees it.
    pub(crate) async fn see_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
    ) -> Result<Connection, Refusal> {
        seen(records, caller, id).await
    }

    /// [`Connections::create_in`] in a transaction of its own.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn create(&self, caller: &Caller, draft: ConnectionDraft) -> Result<Connection, Refusal> {
        let mut transaction = self.store.transaction().await?;
        let made = self.create_in(&mut transaction.records(), caller, draft).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// [`Connections::update_in`] in a transaction of its own.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn update(
        &self,
        caller: &Caller,
        id: ConnectionId,
        given: ConnectionChange,
    ) -> Result<Connection, Refusal> {
        let mut transaction = self.store.transaction().await?;
        let changed = self.update_in(&mut transaction.records(), caller, id, given).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// [`Connections::delete_in`] in a transaction of its own.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn delete(&self, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal> {
        let mut transaction = self.store.transaction().await?;
        let deleted = self.delete_in(&mut transaction.records(), caller, id).await?;
        transaction.commit().await?;
        Ok(deleted)
    }

    /// Makes a connection within the transaction of `records`.
    ///
    /// # Errors
    /// [`Refusal`] names every parameter that cannot work, or the right that is missing. Do not commit then.
    pub async fn create_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        draft: ConnectionDraft,
    ) -> Result<Connection, Refusal> {
        self.make_in(records, caller, draft, Agent::MustExist).await
    }

    /// The same for a connection that a master sends. Its agent may be missing here; then nothing runs on it.
    pub(crate) async fn create_received_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        draft: ConnectionDraft,
    ) -> Result<Connection, Refusal> {
        self.make_in(records, caller, draft, Agent::MayBeMissing).await
    }

    async fn make_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        draft: ConnectionDraft,
        rule: Agent,
    ) -> Result<Connection, Refusal> {
        let plugin = self.registry.named(&draft.integration)?;
        let sites = records.sites().await?;
        let place = change::place(&draft, &sites)?;
        if !may_manage(caller, &place, &sites) {
            return Err(missing_to_manage(&place));
        }
        let new = change::checked(records, &plugin.manifest().connector.id, &place, &draft, None).await?;
        let agent = through(records, new.agent_name.as_deref(), &place, rule).await?;
        let mut ground = self.ground(caller, &*plugin);
        ground.agent = agent.as_ref();
        ground.agent_name = new.agent_name.as_deref();
        ground.is_received = rule == Agent::MayBeMissing;
        let changes = ground.check(ConnectionId(0), &[], &draft.parameters).map_err(unusable)?;
        let id = records.create_connection(&new, self.now()).await?;
        self.write(records, id, changes).await?;
        let made = records.connection(id).await?;
        health_check::follow(records, &made, new.health_check.as_ref(), &*plugin).await?;
        Ok(Connection { health_check: new.health_check, ..made })
    }

    /// Changes a connection within the transaction of `records`; commands that begin afterwards run on the changed one.
    ///
    /// # Errors
    /// As [`Connections::create_in`]; also when the connection was changed since the version that the caller names.
    pub async fn update_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
        given: ConnectionChange,
    ) -> Result<Connection, Refusal> {
        self.change_in(records, caller, id, given, false).await
    }

    /// The same for a connection that a master sent, in the master's name.
    pub(crate) async fn update_received_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
        given: ConnectionChange,
    ) -> Result<Connection, Refusal> {
        self.change_in(records, caller, id, given, true).await
    }

    async fn change_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
        given: ConnectionChange,
        by_its_master: bool,
    ) -> Result<Connection, Refusal> {
        records.touch_connection(id, self.now()).await?;
        let old = managed(records, caller, id).await?;
        if !by_its_master {
            must_be_own(&old)?;
        }
        // The version before this change raised it.
        let before = Version(old.version.0 - 1);
        if given.version.is_some_and(|version| version != before) {
            return Err(StoreError::Conflict(format!(
                "The connection {id} has been changed since you read it: it is at version {before} now. Read it again."
            ))
            .into());
        }
        let plugin = self.registry.named(&old.integration)?;
        // An agent that is missing since before hinders no change of something else.
        let is_named = given.agent_name.is_some() && !by_its_master;
        let rule = if is_named { Agent::MustExist } else { Agent::MayBeMissing };
        let draft = change::changed(&old, given);
        let sites = records.sites().await?;
        let place = change::place(&draft, &sites)?;
        if !may_manage(caller, &place, &sites) {
            return Err(missing_to_manage(&place));
        }
        let new = change::checked(records, &old.integration, &place, &draft, Some(&old)).await?;
        let kept = records.connection_parameters(ConnectionFilter::Id(id)).await?.remove(&id).unwrap_or_default();
        let agent = through(records, new.agent_name.as_deref(), &place, rule).await?;
        let mut ground = self.ground(caller, &*plugin);
        ground.agent = agent.as_ref();
        ground.agent_name = new.agent_name.as_deref();
        ground.is_received = by_its_master;
        let is_same_agent = match (&new.agent_name, &old.agent_name) {
            (Some(new), Some(old)) => same_name(new, old),
            (new, old) => new == old,
        };
        ground.is_rerouted = !is_same_agent && !caller.administers();
        let changes = ground.check(id, &kept, &draft.parameters).map_err(unusable)?;
        records.change_connection(id, &new).await?;
        self.write(records, id, changes).await?;
        let changed = records.connection(id).await?;
        health_check::follow(records, &changed, new.health_check.as_ref(), &*plugin).await?;
        Ok(Connection { health_check: new.health_check, ..changed })
    }

    /// Deletes a connection with its secrets within the transaction of `records`, and returns it as it was. What runs on
    /// it goes on; the run history stays.
    ///
    /// # Errors
    /// [`Refusal`] when there is none that the caller may see, or the right is missing.
    pub async fn delete_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
    ) -> Result<Connection, Refusal> {
        must_be_own(&managed(records, caller, id).await?)?;
        self.delete_received_in(records, caller, id).await
    }

    /// The same for a connection that a master sent, in the master's name.
    pub(crate) async fn delete_received_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
    ) -> Result<Connection, Refusal> {
        let deleted = managed(records, caller, id).await?;
        records.delete_schedules_of(id).await?;
        records.delete_connection(id).await?;
        Ok(deleted)
    }

    /// The connection that the caller means on its site, for a command of one of these integrations.
    ///
    /// # Errors
    /// [`Refusal`] when there is none that the caller may use, when there are several and `name` does not say which, or
    /// when it is inactive.
    pub async fn choose(
        &self,
        caller: &Caller,
        integrations: &[&str],
        name: Option<&str>,
    ) -> Result<Connection, Refusal> {
        self.choose_in(&mut self.store.reader().await?.records(), caller, integrations, name).await
    }

    /// The same, as the transaction of `records` sees it.
    pub(crate) async fn choose_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        integrations: &[&str],
        name: Option<&str>,
    ) -> Result<Connection, Refusal> {
        choose::choose(records, caller, integrations, name).await
    }

    /// The connection of that number, if the caller manages it and its site is active.
    pub(crate) async fn testable(&self, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal> {
        let mut reader = self.store.reader().await?;
        let mut records = reader.records();
        let connection = managed(&mut records, caller, id).await?;
        choose::must_be_active(&mut records, &caller.site).await?;
        Ok(connection)
    }

    /// A connection's settings, with secrets opened and fetched, and with its agent in place of a proxy of its own; or
    /// what hinders that, without any value.
    pub(crate) async fn resolve(
        &self,
        connection: &Connection,
        plugin: &dyn Plugin,
        agent: Option<&StoredAgent>,
    ) -> Result<Resolved, String> {
        let (id, connector) = (connection.id, &plugin.manifest().connector);
        let stored = async {
            let mut reader = self.store.reader().await?;
            Ok::<_, StoreError>(reader.records().connection_parameters(ConnectionFilter::Id(id)).await?.remove(&id))
        };
        let stored = stored.await.map_err(|error| {
            tracing::error!(connection = id.0, %error, "a connection's parameters could not be read");
            "Its parameters could not be read from the store. The host's log says why.".to_owned()
        })?;
        let (mut given, mut secrets) = (Vec::new(), Vec::new());
        let (mut redactor, mut has_references) = (Redactor::default(), false);
        for StoredParameter { name, value } in stored.unwrap_or_default() {
            let secret = match value {
                StoredValue::Plain(value) => {
                    certificates::must_be_readable(connector, &name, &value, connection)?;
                    given.push((name, SecretString::from(value)));
                    continue;
                }
                StoredValue::Sealed(sealed) => {
                    open(&self.keyring, id, &name, &sealed).map_err(|error| format!("{name}: {error}"))?
                }
                StoredValue::Reference(reference) => {
                    has_references = true;
                    self.vault.fetch(&reference).await.map_err(|error| format!("{name}: {error}"))?
                }
            };
            redactor.add(&secret);
            secrets.push((name.clone(), secret.clone()));
            given.push((name, secret));
        }
        if let Some(agent) = agent {
            let proxy = agent::proxy_of(connector)?;
            if let Some((own, _)) = given.iter().find(|(name, _)| proxy.names().any(|one| one == name)) {
                return Err(format!("{own}: {}", agent::two_proxies(&agent.agent.name)));
            }
            let secret = self.agent_secret(agent).await?;
            if let Some(secret) = &secret {
                redactor.add(secret);
                secrets.push((proxy.password.clone(), secret.clone()));
            }
            has_references |= matches!(agent.secret, Some(StoredValue::Reference(_)));
            given.extend(agent::values(proxy, agent, secret));
        }
        let values =
            SettingValues::parse(connector, given).map_err(|error| redactor.clean(&error.to_string()).into_owned())?;
        Ok(Resolved { values, secrets, redactor, has_references })
    }

    async fn write(&self, records: &mut Records<'_>, id: ConnectionId, changes: Changes) -> Result<(), Refusal> {
        if changes.set.values().any(|value| matches!(value, NewValue::Secret(_))) {
            SealingGuard::begin(records).await?;
        }
        for name in changes.remove {
            records.remove_connection_parameter(id, &name).await?;
        }
        for (name, value) in changes.set {
            let value = match value {
                NewValue::Plain(value) => StoredValue::Plain(value),
                NewValue::Reference(reference) => StoredValue::Reference(reference),
                NewValue::Secret(secret) => {
                    let sealed = self
                        .keyring
                        .seal(&sealing_context(id, &name), secret.expose_secret().as_bytes())
                        .map_err(|error| Refusal::Because(error.to_string()))?;
                    if let Some(key) = KeyId::of(&sealed) {
                        SealingGuard::note(records, key, self.now()).await?;
                    }
                    StoredValue::Sealed(sealed)
                }
            };
            records.set_connection_parameter(id, &StoredParameter { name, value }).await?;
        }
        Ok(())
    }

    fn ground<'a>(&'a self, caller: &Caller, plugin: &'a dyn Plugin) -> Ground<'a> {
        let may_refer = caller.administers() || self.vault.managers_may_refer();
        let (keyring, vault) = (&self.keyring, &self.vault);
        Ground {
            plugin,
            keyring,
            vault,
            may_refer,
            agent: None,
            agent_name: None,
            is_rerouted: false,
            is_received: false,
        }
    }

    fn now(&self) -> Moment {
        Moment::from(self.clock.now())
    }
}

/// Whether the agent that a connection names must exist when the connection is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agent {
    MustExist,
    /// Where it is missing, nothing runs on the connection.
    MayBeMissing,
}

/// The agent that a connection in `place` will go through.
async fn through(
    records: &mut Records<'_>,
    name: Option<&str>,
    place: &Place,
    rule: Agent,
) -> Result<Option<StoredAgent>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    match (agent::chosen(records, name, place).await, rule) {
        (Ok(agent), _) => Ok(Some(agent)),
        (Err(Refusal::Because(_)), Agent::MayBeMissing) => Ok(None),
        (Err(refusal), _) => Err(refusal),
    }
}

async fn seen(records: &mut Records<'_>, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal> {
    let connection = records.connection(id).await?;
    let sites = records.sites().await?;
    if may_see(caller, &connection, &sites) {
        Ok(connection)
    } else {
        // The same words as for one that is not there.
        Err(StoreError::not_found("connection", id.to_string()).into())
    }
}

async fn managed(records: &mut Records<'_>, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal> {
    let connection = seen(records, caller, id).await?;
    let sites = match &connection.place {
        Place::Site(_) => Vec::new(),
        Place::SharedToInternalSites { .. } => records.sites().await?,
    };
    if may_manage(caller, &connection.place, &sites) {
        Ok(connection)
    } else {
        Err(missing_to_manage(&connection.place))
    }
}

/// Refuses to change what a master sent: it would be another one there than here.
fn must_be_own(connection: &Connection) -> Result<(), Refusal> {
    match &connection.owner {
        None => Ok(()),
        Some(owner) => Err(Refusal::Unable(format!(
            "The connection {} is the master {owner}'s: it can be seen, tested and used here, and changed, shared or \
             deleted only there. Ask whoever runs the master.",
            soar_connector::name::quoted(&connection.name)
        ))),
    }
}

fn unusable(error: SettingsError) -> Refusal {
    Refusal::Because(error.to_string())
}

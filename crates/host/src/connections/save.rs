//! Creates, changes and deletes connections.

use secrecy::ExposeSecret as _;
use soar_connector::Plugin;
use soar_store::model::name::same_name;
use soar_store::model::{Caller, Connection, ConnectionId, ConnectionSites, Moment, Version};
use soar_store::{ConnectionFilter, Records, StoreError, StoredAgent, StoredParameter, StoredValue, sealing_context};

use super::parameters::{NewValue, ParameterChanges, ParameterCheck};
use super::rights::{managed, may_manage, missing_to_manage, must_be_own};
use super::service::Connections;
use super::{ConnectionChange, ConnectionDraft, agent, change, health_check};
use crate::Refusal;
use crate::sealing::SealingGuard;

impl Connections {
    /// Creates a connection within the transaction of `records`.
    ///
    /// # Errors
    /// [`Refusal`] names every invalid parameter, or the missing right. The caller must not commit then.
    pub async fn create_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        draft: ConnectionDraft,
    ) -> Result<Connection, Refusal> {
        self.create_with_agent(records, caller, draft, AgentRequirement::MustExist).await
    }

    /// As [`Connections::create_in`], for a connection that a master sends. If its agent does not exist here, no
    /// command runs on the connection. If the settings do not have a webhook here, its alerts wait and say so.
    pub(crate) async fn create_received_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        draft: ConnectionDraft,
    ) -> Result<Connection, Refusal> {
        self.create_with_agent(records, caller, draft, AgentRequirement::MayBeMissing).await
    }

    async fn create_with_agent(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        draft: ConnectionDraft,
        rule: AgentRequirement,
    ) -> Result<Connection, Refusal> {
        let plugin = self.registry.named(&draft.integration)?;
        let sites = records.sites().await?;
        let place = change::place(&draft, &sites)?;
        if !may_manage(caller, &place, &sites) {
            return Err(missing_to_manage(&place));
        }
        let new = change::checked(records, &plugin.manifest().connector.id, &place, &draft, None).await?;
        let is_received = rule == AgentRequirement::MayBeMissing;
        if !is_received {
            health_check::check_webhooks(&self.webhooks, new.health_check.as_ref(), None, caller)?;
        }
        let agent = through(records, new.agent_name.as_deref(), &place, rule).await?;
        let check = ParameterCheck {
            agent: agent.as_ref(),
            agent_name: new.agent_name.as_deref(),
            is_received,
            ..self.parameter_check(caller, &*plugin)
        };
        let changes = check.run(ConnectionId(0), &[], &draft.parameters).map_err(Refusal::Settings)?;
        let id = records.create_connection(&new, self.now()).await?;
        self.write(records, id, changes).await?;
        let made = records.connection(id).await?;
        health_check::follow(records, &made, new.health_check.as_ref(), &*plugin).await?;
        Ok(Connection { health_check: new.health_check, ..made })
    }

    /// Changes a connection within the transaction of `records`. Commands that begin afterwards run on the changed
    /// connection.
    ///
    /// # Errors
    /// As [`Connections::create_in`]; also when the connection has changed since the version that the caller gives.
    pub async fn update_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
        given: ConnectionChange,
    ) -> Result<Connection, Refusal> {
        self.change_in(records, caller, id, given, false).await
    }

    /// As [`Connections::update_in`], for a connection that a master sent, in the master's name.
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
        // A change of other fields is allowed although the connection's agent is missing.
        let is_named = given.agent_name.is_some() && !by_its_master;
        let rule = if is_named { AgentRequirement::MustExist } else { AgentRequirement::MayBeMissing };
        let draft = change::changed(&old, given);
        let sites = records.sites().await?;
        let place = change::place(&draft, &sites)?;
        if !may_manage(caller, &place, &sites) {
            return Err(missing_to_manage(&place));
        }
        let new = change::checked(records, &old.integration, &place, &draft, Some(&old)).await?;
        if !by_its_master {
            let (checks, before) = (new.health_check.as_ref(), old.health_check.as_ref());
            health_check::check_webhooks(&self.webhooks, checks, before, caller)?;
        }
        let kept = records.connection_parameters(ConnectionFilter::Id(id)).await?.remove(&id).unwrap_or_default();
        let agent = through(records, new.agent_name.as_deref(), &place, rule).await?;
        let is_same_agent = match (&new.agent_name, &old.agent_name) {
            (Some(new), Some(old)) => same_name(new, old),
            (new, old) => new == old,
        };
        let check = ParameterCheck {
            agent: agent.as_ref(),
            agent_name: new.agent_name.as_deref(),
            is_received: by_its_master,
            is_rerouted: !is_same_agent && !caller.administers(),
            ..self.parameter_check(caller, &*plugin)
        };
        let changes = check.run(id, &kept, &draft.parameters).map_err(Refusal::Settings)?;
        records.change_connection(id, &new).await?;
        self.write(records, id, changes).await?;
        let changed = records.connection(id).await?;
        health_check::follow(records, &changed, new.health_check.as_ref(), &*plugin).await?;
        Ok(Connection { health_check: new.health_check, ..changed })
    }

    /// Deletes a connection and its secrets within the transaction of `records`, and returns the deleted connection.
    /// Running commands go on, and the run history stays.
    ///
    /// # Errors
    /// [`Refusal`] when the caller may see no such connection, or the right is missing.
    pub async fn delete_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
    ) -> Result<Connection, Refusal> {
        must_be_own(&managed(records, caller, id).await?)?;
        self.delete_received_in(records, caller, id).await
    }

    /// As [`Connections::delete_in`], for a connection that a master sent, in the master's name.
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

    async fn write(
        &self,
        records: &mut Records<'_>,
        id: ConnectionId,
        changes: ParameterChanges,
    ) -> Result<(), Refusal> {
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
                    let (context, secret) = (sealing_context(id, &name), secret.expose_secret().as_bytes());
                    StoredValue::Sealed(SealingGuard::seal(records, &self.keyring, &context, secret, self.now()).await?)
                }
            };
            records.set_connection_parameter(id, &StoredParameter { name, value }).await?;
        }
        Ok(())
    }

    fn parameter_check<'a>(&'a self, caller: &Caller, plugin: &'a dyn Plugin) -> ParameterCheck<'a> {
        let may_refer = caller.administers() || self.vault.managers_may_refer();
        let (keyring, vault) = (&self.keyring, &self.vault);
        ParameterCheck {
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

/// Whether the agent of a connection must exist when the connection is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AgentRequirement {
    MustExist,
    /// If the agent is missing, no command runs on the connection.
    MayBeMissing,
}

/// The agent that a connection in `place` will use.
async fn through(
    records: &mut Records<'_>,
    name: Option<&str>,
    place: &ConnectionSites,
    rule: AgentRequirement,
) -> Result<Option<StoredAgent>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    match (agent::chosen(records, name, place).await, rule) {
        (Ok(agent), _) => Ok(Some(agent)),
        (Err(Refusal::Because(_)), AgentRequirement::MayBeMissing) => Ok(None),
        (Err(refusal), _) => Err(refusal),
    }
}

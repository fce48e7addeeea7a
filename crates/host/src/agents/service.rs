//! Lists, creates, changes and deletes agents in the name of a caller.

use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::name::{quoted, steers};
use soar_connector::{NoSecret, secret_in};
use soar_store::model::limits;
use soar_store::model::name::{checked_name, same_name};
use soar_store::model::{Agent, AgentId, Caller, Moment, NamedSite, Reference};
use soar_store::{NewAgent, Records, StoreError, StoredAgent, StoredValue, agent_sealing_context};

use super::address::ProxyAddress;
use super::rights::{may_see, must_administer_used, must_be_unused, must_manage, seen, uses};
use super::{AgentChange, AgentDraft};
use crate::Refusal;
use crate::connections::{Connections, GivenValue};
use crate::sealing::SealingGuard;

/// The longest user name, in characters.
const LONGEST_USER_NAME: usize = 255;

/// The longest secret, in bytes.
const LONGEST_SECRET: usize = 4 * 1024;

/// Agents of the host. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Agents {
    pub(super) connections: Connections,
}

/// The checked fields of a new or changed agent.
struct Checked {
    new: NewAgent,
    /// The new secret; `None` where it stays unchanged.
    secret: Option<Option<NewSecret>>,
}

enum NewSecret {
    Value(SecretString),
    Reference(Reference),
}

impl Agents {
    /// The agents of a host with these connections.
    #[must_use]
    pub fn new(connections: Connections) -> Self {
        Self { connections }
    }

    /// The agents that the caller may see, by name.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn list_in(&self, records: &mut Records<'_>, caller: &Caller) -> Result<Vec<Agent>, Refusal> {
        let sites = records.sites().await?;
        let mut agents = records.agents().await?;
        agents.retain(|agent| may_see(caller, agent, &sites));
        Ok(agents)
    }

    /// The agent of that name.
    ///
    /// # Errors
    /// [`Refusal`] when the caller may see no such agent.
    pub async fn see_in(&self, records: &mut Records<'_>, caller: &Caller, name: &str) -> Result<Agent, Refusal> {
        Ok(seen(records, caller, name).await?.agent)
    }

    /// Creates an agent within the transaction of `records`.
    ///
    /// # Errors
    /// [`Refusal`] for invalid fields or a missing right.
    pub async fn create_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        draft: &AgentDraft,
    ) -> Result<Agent, Refusal> {
        SealingGuard::begin(records).await?;
        let site = site(records, draft.site.as_deref()).await?;
        must_manage(caller, site.as_ref())?;
        let address = ProxyAddress::parse(&draft.address).map_err(Refusal::Because)?;
        let secret = self.new_secret(caller, None, &draft.secret)?;
        let new = NewAgent {
            name: checked_name("agent", &draft.name)?,
            site: site.as_ref().map(|site| site.id),
            address: address.to_string(),
            user_name: user_name(&address, draft.user_name.as_deref())?,
            description: description(&draft.description)?,
        };
        must_have_user_name(&new, matches!(secret, Some(Some(_))))?;
        // Connections may already name this agent. From now on they would send their secrets through it.
        must_administer_used(caller, &new.name, &uses(records, &new.name).await?)?;
        let id = records.create_agent(&new, self.now()).await?;
        self.write_secret(records, id, secret).await?;
        Ok(named(records, &new.name).await?.agent)
    }

    /// Changes an agent within the transaction of `records`. Commands that begin afterwards use the changed agent.
    ///
    /// # Errors
    /// [`Refusal`] for invalid fields, a missing right, or connections that prevent the change.
    pub async fn update_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        agent: &str,
        change: &AgentChange,
    ) -> Result<Agent, Refusal> {
        SealingGuard::begin(records).await?;
        records.lock_agent(agent).await?;
        let old = seen(records, caller, agent).await?;
        must_manage(caller, old.agent.site.as_ref())?;
        if change.version.is_some_and(|version| version != old.agent.version) {
            return Err(StoreError::Conflict(format!(
                "The agent {} has been changed since you read it: it is at version {} now. Read it again.",
                quoted(&old.agent.name),
                old.agent.version
            ))
            .into());
        }
        let Checked { new, secret } = self.checked(records, caller, &old, change).await?;
        let used = uses(records, &old.agent.name).await?;
        if !same_name(&new.name, &old.agent.name) {
            must_be_unused(&old.agent, &used, "renamed")?;
            must_administer_used(caller, &new.name, &uses(records, &new.name).await?)?;
        }
        if new.address != old.agent.address {
            must_administer_used(caller, &old.agent.name, &used)?;
        }
        if let Some(site) = new.site {
            let others: Vec<_> = used.into_iter().filter(|one| one.site_id != Some(site)).collect();
            must_be_unused(&old.agent, &others, "limited to that site")?;
        }
        records.change_agent(old.agent.id, &new, self.now()).await?;
        self.write_secret(records, old.agent.id, secret).await?;
        Ok(named(records, &new.name).await?.agent)
    }

    /// Deletes an agent and its secret within the transaction of `records`, and returns the deleted agent.
    ///
    /// # Errors
    /// [`Refusal`] when the right is missing, or connections still name the agent.
    pub async fn delete_in(&self, records: &mut Records<'_>, caller: &Caller, agent: &str) -> Result<Agent, Refusal> {
        SealingGuard::begin(records).await?;
        records.lock_agent(agent).await?;
        let StoredAgent { agent, .. } = seen(records, caller, agent).await?;
        must_manage(caller, agent.site.as_ref())?;
        must_be_unused(&agent, &uses(records, &agent.name).await?, "removed")?;
        records.delete_agent(agent.id).await?;
        Ok(agent)
    }

    async fn checked(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        old: &StoredAgent,
        change: &AgentChange,
    ) -> Result<Checked, Refusal> {
        let site = match &change.site {
            Some(given) => site(records, given.as_deref()).await?,
            None => old.agent.site.clone(),
        };
        must_manage(caller, site.as_ref())?;
        let address = ProxyAddress::parse(change.address.as_deref().unwrap_or(&old.agent.address));
        let address = address.map_err(Refusal::Because)?;
        let secret = self.new_secret(caller, old.secret.as_ref(), &change.secret)?;
        let is_given = match (&secret, &change.secret) {
            // A caller without the right to choose references gives no new secret by repeating the stored reference.
            (_, GivenValue::Reference(_)) => self.may_refer(caller),
            (secret, _) => secret.is_some(),
        };
        if old.secret.is_some() && !is_given && address.to_string() != old.agent.address {
            return Err(Refusal::Because(
                "Address: The host sends the agent's secret only to the address for which it was given. Give the \
                 secret again, or remove it."
                    .to_owned(),
            ));
        }
        let user = match &change.user_name {
            Some(given) => given.as_deref(),
            None => old.agent.user_name.as_deref(),
        };
        let new = NewAgent {
            name: checked_name("agent", change.name.as_deref().unwrap_or(&old.agent.name))?,
            site: site.as_ref().map(|site| site.id),
            user_name: user_name(&address, user)?,
            address: address.to_string(),
            description: description(change.description.as_deref().unwrap_or(&old.agent.description))?,
        };
        let has_secret = secret.as_ref().map_or(old.secret.is_some(), Option::is_some);
        must_have_user_name(&new, has_secret)?;
        Ok(Checked { new, secret })
    }

    fn may_refer(&self, caller: &Caller) -> bool {
        caller.administers() || self.connections.vault.managers_may_refer()
    }

    /// The new secret; `None` where it stays unchanged.
    fn new_secret(
        &self,
        caller: &Caller,
        kept: Option<&StoredValue>,
        given: &GivenValue,
    ) -> Result<Option<Option<NewSecret>>, Refusal> {
        match given {
            GivenValue::Blank => Ok(None),
            GivenValue::Nothing => Ok(Some(None)),
            GivenValue::Value(value) if value.expose_secret().len() > LONGEST_SECRET => {
                Err(Refusal::Because(format!("Secret: It is longer than {LONGEST_SECRET} bytes.")))
            }
            GivenValue::Value(value) => match secret_in(value.expose_secret()) {
                Ok(secret) => Ok(Some(Some(NewSecret::Value(secret)))),
                Err(NoSecret::Empty) => Ok(None),
                Err(problem) => Err(Refusal::Because(format!("Secret: It {problem}."))),
            },
            GivenValue::Reference(reference) => {
                let is_kept = matches!(kept, Some(StoredValue::Reference(known)) if known == reference);
                if !is_kept && !self.may_refer(caller) {
                    return Err(Refusal::Unable(
                        "Secret: Only an administrator may give a reference, because the host fetches the secret with \
                         its own rights. Give the secret itself, or ask an administrator."
                            .to_owned(),
                    ));
                }
                let allowed = self.connections.vault.allows(reference);
                allowed.map_err(|error| Refusal::Because(format!("Secret: {error}")))?;
                Ok(Some(Some(NewSecret::Reference(reference.clone()))))
            }
        }
    }

    /// Seals and stores the secret, in a transaction that holds the sealing lock.
    async fn write_secret(
        &self,
        records: &mut Records<'_>,
        id: AgentId,
        secret: Option<Option<NewSecret>>,
    ) -> Result<(), Refusal> {
        let Some(secret) = secret else { return Ok(()) };
        let stored = match secret {
            None => None,
            Some(NewSecret::Reference(reference)) => Some(StoredValue::Reference(reference)),
            Some(NewSecret::Value(secret)) => {
                let (keyring, context) = (&self.connections.keyring, agent_sealing_context(id));
                let secret = secret.expose_secret().as_bytes();
                Some(StoredValue::Sealed(SealingGuard::seal(records, keyring, &context, secret, self.now()).await?))
            }
        };
        Ok(records.set_agent_secret(id, stored.as_ref()).await?)
    }

    fn now(&self) -> Moment {
        Moment::from(self.connections.clock.now())
    }
}

async fn named(records: &mut Records<'_>, name: &str) -> Result<StoredAgent, Refusal> {
    records.find_agent(name).await?.ok_or_else(|| StoreError::not_found("agent", name).into())
}

async fn site(records: &mut Records<'_>, name: Option<&str>) -> Result<Option<NamedSite>, Refusal> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(None) };
    let site = records.site(name).await?;
    Ok(Some(NamedSite { id: site.id, name: site.name }))
}

fn user_name(address: &ProxyAddress, given: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(text) = given.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > LONGEST_USER_NAME || text.chars().any(steers) {
        return Err(Refusal::Because(format!("User name: expected at most {LONGEST_USER_NAME} visible characters.")));
    }
    address.check_user_name(text).map_err(Refusal::Because)?;
    Ok(Some(text.to_owned()))
}

fn description(given: &str) -> Result<String, Refusal> {
    limits::ABOUT.check(given).map_err(|error| Refusal::Because(error.to_string()))?;
    if given.contains('\0') {
        return Err(Refusal::Because("Description: expected text without NUL characters.".to_owned()));
    }
    Ok(given.trim().to_owned())
}

fn must_have_user_name(new: &NewAgent, has_secret: bool) -> Result<(), Refusal> {
    if has_secret && new.user_name.is_none() {
        return Err(Refusal::Because("User name: It is missing. A secret needs a user name.".to_owned()));
    }
    Ok(())
}

//! Lists, creates, changes, deletes and tests agents in the name of a caller.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::name::{quoted, steers};
use soar_connector::{NoSecret, secret_in};
use soar_store::model::limits;
use soar_store::model::name::{checked_name, same_name};
use soar_store::model::{
    Agent, AgentId, Caller, ConnectionId, KeyId, Moment, NamedSite, Reference, Right, SHARED, Site,
};
use soar_store::{AgentUse, NewAgent, Records, StoreError, StoredAgent, StoredValue, agent_sealing_context};

use super::address::ProxyAddress;
use super::reach::{Login, ask};
use super::{AgentChange, AgentDraft, AgentTested};
use crate::Refusal;
use crate::connections::{Connections, GivenValue, server_of};
use crate::sealing::SealingGuard;

/// The longest user name, in characters.
const LONGEST_USER_NAME: usize = 255;

/// The longest secret, in bytes.
const LONGEST_SECRET: usize = 4 * 1024;

/// The number of connections that an error names.
const NAMED: usize = 10;

/// Agents of the host. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Agents {
    connections: Connections,
}

/// The server to which a test asks the proxy to connect.
#[derive(Debug, Clone)]
pub enum AgentTarget {
    /// The server of a connection.
    Connection(ConnectionId),
    /// A server, possibly with a port; port 443 unless given.
    Server(String),
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

    /// Asks the agent's proxy for a connection to a server. The host sends nothing over it.
    ///
    /// # Errors
    /// [`Refusal`] when the test could not run.
    pub async fn test(&self, caller: &Caller, agent: &str, target: &AgentTarget) -> Result<AgentTested, Refusal> {
        let (agent, to) = {
            let mut reader = self.connections.store.reader().await?;
            let mut records = reader.records();
            let agent = seen(&mut records, caller, agent).await?;
            (agent, self.target(&mut records, caller, target).await?)
        };
        let address = ProxyAddress::parse(&agent.agent.address).map_err(Refusal::Because)?;
        let secret = self.connections.agent_secret(&agent).await.map_err(Refusal::Unable)?;
        let begun = self.connections.clock.elapsed();
        let login = agent.agent.user_name.as_deref();
        let login = login.map(|user_name| Login { user_name, secret: secret.as_ref() });
        let answer = ask(&address, login, &to).await;
        let elapsed = self.connections.clock.elapsed().saturating_sub(begun);
        let (passed, text) = match &answer {
            Ok(None | Some(200..=299)) => (true, format!("The proxy made a connection to {to}.")),
            Ok(Some(407)) => (
                false,
                "The proxy answered 407: it does not accept the login. Correct the agent's user name and secret."
                    .to_owned(),
            ),
            Ok(Some(status)) => (false, format!("The proxy answered {status} and made no connection to {to}.")),
            Err(problem) => (false, problem.clone()),
        };
        let status = answer.ok().flatten();
        Ok(AgentTested { passed, agent: agent.agent.name, to, text, status, elapsed_ms: milliseconds(elapsed) })
    }

    async fn target(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        target: &AgentTarget,
    ) -> Result<String, Refusal> {
        match target {
            AgentTarget::Connection(id) => {
                let connection = self.connections.see_in(records, caller, *id).await?;
                let plugin = self.connections.registry.named(&connection.integration)?;
                server(&server_of(&connection, &*plugin)).ok_or_else(|| {
                    Refusal::Because(format!(
                        "The connection {} has no server address. Name a server with its port.",
                        quoted(&connection.name)
                    ))
                })
            }
            AgentTarget::Server(given) => bare_server(given).ok_or_else(|| {
                Refusal::Because(
                    "Server: expected a name or address, possibly with a port, such as footprint.example.com:443."
                        .to_owned(),
                )
            }),
        }
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
                let keyring = &self.connections.keyring;
                let sealed = keyring.seal(&agent_sealing_context(id), secret.expose_secret().as_bytes());
                let sealed = sealed.map_err(|error| Refusal::Because(error.to_string()))?;
                if let Some(key) = KeyId::of(&sealed) {
                    SealingGuard::note(records, key, self.now()).await?;
                }
                Some(StoredValue::Sealed(sealed))
            }
        };
        Ok(records.set_agent_secret(id, stored.as_ref()).await?)
    }

    fn now(&self) -> Moment {
        Moment::from(self.connections.clock.now())
    }
}

/// Whether the caller may see an agent: the caller manages connections on a site where the agent may be used.
fn may_see(caller: &Caller, agent: &Agent, sites: &[Site]) -> bool {
    let manages = |site| caller.may(Right::ManageConnections, site);
    match agent.site_id() {
        Some(site) => manages(site),
        None => caller.administers() || sites.iter().any(|site| manages(site.id)),
    }
}

/// Refuses a caller that may not change agents of this site. Only administrators change agents for all sites.
fn must_manage(caller: &Caller, site: Option<&NamedSite>) -> Result<(), Refusal> {
    match site {
        Some(site) if caller.may(Right::ManageConnections, site.id) => Ok(()),
        Some(site) => Err(Refusal::Unable(format!(
            "This needs the right to {} on {}. Ask an administrator for it.",
            Right::ManageConnections,
            quoted(&site.name)
        ))),
        None if caller.administers() => Ok(()),
        None => Err(Refusal::Unable(
            "Only administrators manage agents for all sites. Ask an administrator, or make an agent for one site."
                .to_owned(),
        )),
    }
}

async fn seen(records: &mut Records<'_>, caller: &Caller, name: &str) -> Result<StoredAgent, Refusal> {
    let sites = records.sites().await?;
    let found = records.find_agent(name).await?.filter(|found| may_see(caller, &found.agent, &sites));
    // The error is the same as for an agent that does not exist.
    found.ok_or_else(|| StoreError::not_found("agent", name).into())
}

async fn named(records: &mut Records<'_>, name: &str) -> Result<StoredAgent, Refusal> {
    records.find_agent(name).await?.ok_or_else(|| StoreError::not_found("agent", name).into())
}

async fn uses(records: &mut Records<'_>, agent: &str) -> Result<Vec<AgentUse>, StoreError> {
    let mut uses = records.agent_uses().await?;
    uses.retain(|one| one.names(agent));
    Ok(uses)
}

fn list(uses: &[AgentUse]) -> String {
    let name = |one: &AgentUse| {
        let place = one.site.as_deref().unwrap_or(SHARED);
        format!("{} ({place})", quoted(&one.connection))
    };
    let mut names: Vec<_> = uses.iter().take(NAMED).map(name).collect();
    if uses.len() > NAMED {
        names.push(format!("and {} more", uses.len() - NAMED));
    }
    names.join(", ")
}

fn must_be_unused(agent: &Agent, uses: &[AgentUse], what: &str) -> Result<(), Refusal> {
    if uses.is_empty() {
        return Ok(());
    }
    let by = format!("it cannot be {what} while connections go through it: {}", list(uses));
    Err(StoreError::InUse { what: "agent", name: agent.name.clone(), by }.into())
}

/// Refuses to redirect the traffic and the secrets of connections, unless the caller is an administrator.
fn must_administer_used(caller: &Caller, agent: &str, uses: &[AgentUse]) -> Result<(), Refusal> {
    if uses.is_empty() || caller.administers() {
        return Ok(());
    }
    Err(Refusal::Unable(format!(
        "Connections send their secrets through the agent {}, so only an administrator may change its address: {}.",
        quoted(agent),
        list(uses)
    )))
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

/// The server and port of a text without a scheme.
fn bare_server(given: &str) -> Option<String> {
    if given.contains(['/', '\\', '?', '#', '@']) {
        return None;
    }
    server(&format!("https://{}", given.trim()))
}

/// The host and port of an address.
fn server(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let is_bare = url.username().is_empty() && url.password().is_none();
    let (host, port) = (url.host_str().filter(|host| is_bare && !host.is_empty())?, url.port_or_known_default()?);
    Some(format!("{host}:{port}"))
}

fn milliseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

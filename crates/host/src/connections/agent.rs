//! The agent of a connection: whether the connection may use it, and the proxy settings that the connector gets.

use std::collections::HashMap;

use secrecy::SecretString;
use soar_connector::manifest::{ConnectorManifest, ProxySettings};
use soar_connector::name::{quoted, suggestion};
use soar_store::model::name::name_key;
use soar_store::model::{Agent, ConnectionSites, NamedSite};
use soar_store::{AgentUse, Records, StoreError, StoredAgent};

use crate::Refusal;

/// A connection that names an agent that it cannot use. No command runs on the connection, and it never connects
/// directly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutAgent {
    /// The connection, and the agent that it names.
    pub connection: AgentUse,
    /// The reason and the cure, in whole sentences.
    pub why: String,
}

/// All agents by their names.
#[derive(Debug)]
pub(crate) struct AgentsByName(HashMap<String, Agent>);

impl AgentsByName {
    pub(crate) async fn read(records: &mut Records<'_>) -> Result<Self, StoreError> {
        let agents = records.agents().await?;
        Ok(Self(agents.into_iter().map(|agent| (name_key(&agent.name), agent)).collect()))
    }

    /// The reason for which a connection in `place` cannot use the agent of this name; `None` where it can.
    pub(crate) fn unusable(&self, name: &str, place: &ConnectionSites) -> Option<String> {
        unusable(name, self.0.get(&name_key(name)), place)
    }
}

/// The reason for which a connection in `place` cannot use the agent that it names; `None` where it can.
pub(crate) fn unusable(name: &str, agent: Option<&Agent>, place: &ConnectionSites) -> Option<String> {
    match agent {
        None => Some(format!(
            "The connection uses the agent {}, which does not exist on this host. Make the agent (footprint agent \
             add), or change the connection's agent.",
            quoted(name)
        )),
        Some(agent) if !agent.serves(place) => Some(format!(
            "The connection uses the agent {}, which is for the site {} only, but the connection is for {}. Allow the \
             agent for all sites, or change the connection's agent.",
            quoted(&agent.name),
            quoted(agent.place()),
            quoted(place.name())
        )),
        Some(_) => None,
    }
}

/// The agent of a connection that is being saved. The agent's row is locked until the transaction ends.
///
/// # Errors
/// [`Refusal::Because`] with the nearest name where the connection cannot use the agent.
pub(super) async fn chosen(
    records: &mut Records<'_>,
    name: &str,
    place: &ConnectionSites,
) -> Result<StoredAgent, Refusal> {
    records.lock_agent(name).await?;
    let found = records.find_agent(name).await?;
    if let Some(agent) = found.filter(|found| found.agent.serves(place)) {
        return Ok(agent);
    }
    let mut usable = records.agents().await?;
    usable.retain(|agent| agent.serves(place));
    let names = || usable.iter().map(|agent| agent.name.as_str());
    let near = suggestion(name, names());
    let valid = match names().collect::<Vec<_>>() {
        none if none.is_empty() => "There is no agent yet: `footprint agent add` makes one.".to_owned(),
        names => format!("Valid: {}.", names.join(", ")),
    };
    Err(Refusal::Because(format!(
        "Agent Name: there is no agent {} for {}.{near} {valid}",
        quoted(name),
        quoted(place.name())
    )))
}

/// The values of the proxy settings for an agent. `secret` is the agent's secret.
pub(super) fn values(
    proxy: &ProxySettings,
    agent: &StoredAgent,
    secret: Option<SecretString>,
) -> Vec<(String, SecretString)> {
    let plain = |name: &String, value: &str| (name.clone(), SecretString::from(value));
    let mut values = vec![plain(&proxy.address, &agent.agent.address)];
    values.extend(agent.agent.user_name.as_deref().map(|user| plain(&proxy.user_name, user)));
    values.extend(secret.map(|secret| (proxy.password.clone(), secret)));
    values
}

/// The proxy settings of an integration whose connections can use agents.
pub(super) fn proxy_of(connector: &ConnectorManifest) -> Result<&ProxySettings, String> {
    connector.proxy.as_ref().ok_or_else(|| {
        format!("Connections of {} cannot use an agent. Leave Agent Name empty.", quoted(&connector.name))
    })
}

/// The error for a connection that has both an agent and a proxy of its own.
pub(super) fn two_proxies(agent: &str) -> String {
    format!(
        "The connection uses the agent {}, so it cannot have a proxy of its own. Remove this parameter or the agent.",
        quoted(agent)
    )
}

/// The connections that cannot use the agent that they name, by name.
///
/// # Errors
/// [`StoreError`].
pub async fn without_their_agent(records: &mut Records<'_>) -> Result<Vec<WithoutAgent>, StoreError> {
    let mut found = Vec::new();
    let agents = AgentsByName::read(records).await?;
    for connection in records.agent_uses().await? {
        let place = match connection.site_id.zip(connection.site.clone()) {
            Some((id, name)) => ConnectionSites::Site(NamedSite { id, name }),
            None => ConnectionSites::SharedToInternalSites { recipient: None },
        };
        if let Some(why) = agents.unusable(&connection.agent_name, &place) {
            found.push(WithoutAgent { connection, why });
        }
    }
    Ok(found)
}

//! The agent that a connection names: whether the connection may go through it, and what the connector is given.

use secrecy::SecretString;
use soar_connector::manifest::{Connector, ProxySettings};
use soar_connector::name::{quoted, suggestion};
use soar_store::model::{NamedSite, Place};
use soar_store::{AgentUse, Records, StoreError, StoredAgent};

use crate::Refusal;

/// A connection that names an agent that it cannot go through. Nothing runs on it, and nothing goes direct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutAgent {
    /// The connection, and the agent that it names.
    pub connection: AgentUse,
    /// Why it cannot go through the agent, and what to do: whole sentences.
    pub why: String,
}

/// Why a connection in `place` cannot go through the agent that it names; `None` where it can.
pub(crate) fn unusable(name: &str, agent: Option<&StoredAgent>, place: &Place) -> Option<String> {
    match agent {
        None => Some(format!(
            "The connection goes through the agent {}, which this host does not have. Make the agent (footprint agent \
             add), or have the connection name another one or none.",
            quoted(name)
        )),
        Some(StoredAgent { agent, .. }) if !agent.serves(place) => Some(format!(
            "The connection goes through the agent {}, which is for the site {} only, and the connection is for {}. Make \
             the agent one for all sites, or have the connection name another one or none.",
            quoted(&agent.name),
            quoted(agent.place()),
            quoted(place.name())
        )),
        Some(_) => None,
    }
}

/// The agent of a connection that is being saved; its row is locked, so that it stays until the transaction ends.
///
/// # Errors
/// [`Refusal::Because`] with the nearest name where the connection cannot go through the agent.
pub(super) async fn chosen(records: &mut Records<'_>, name: &str, place: &Place) -> Result<StoredAgent, Refusal> {
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
        none if none.is_empty() => "There is none yet: `footprint agent add` makes one.".to_owned(),
        names => format!("Valid: {}.", names.join(", ")),
    };
    Err(Refusal::Because(format!(
        "Agent Name: there is no agent {} for {}.{near} {valid}",
        quoted(name),
        quoted(place.name())
    )))
}

/// The values of the proxy settings that an agent stands for; `secret` is the agent's secret.
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

/// The proxy settings of an integration whose connections can go through agents.
pub(super) fn proxy_of(connector: &Connector) -> Result<&ProxySettings, String> {
    connector.proxy.as_ref().ok_or_else(|| {
        format!("Connections of {} cannot go through an agent: name none in Agent Name.", quoted(&connector.name))
    })
}

/// Why a connection that goes through the agent cannot have a proxy of its own as well.
pub(super) fn two_proxies(agent: &str) -> String {
    format!(
        "The connection goes through the agent {}, so it has no proxy of its own. Take away this parameter or the agent.",
        quoted(agent)
    )
}

/// The connections that cannot go through the agent that they name, by name.
///
/// # Errors
/// [`StoreError`].
pub async fn without_their_agent(records: &mut Records<'_>) -> Result<Vec<WithoutAgent>, StoreError> {
    let mut found = Vec::new();
    for connection in records.agent_uses().await? {
        let place = match connection.site_id.zip(connection.site.clone()) {
            Some((id, name)) => Place::Site(NamedSite { id, name }),
            None => Place::SharedToInternalSites { recipient: None },
        };
        let agent = records.find_agent(&connection.agent_name).await?;
        if let Some(why) = unusable(&connection.agent_name, agent.as_ref(), &place) {
            found.push(WithoutAgent { connection, why });
        }
    }
    Ok(found)
}

//! The rights to see, change and delete agents.

use soar_connector::name::quoted;
use soar_store::model::{Agent, Caller, NamedSite, Right, SHARED, Site};
use soar_store::{AgentUse, Records, StoreError, StoredAgent};

use crate::Refusal;

/// The number of connections that an error names.
const NAMED: usize = 10;

/// Whether the caller may see an agent: the caller manages connections on a site where the agent may be used.
pub(super) fn may_see(caller: &Caller, agent: &Agent, sites: &[Site]) -> bool {
    let manages = |site| caller.may(Right::ManageConnections, site);
    match agent.site_id() {
        Some(site) => manages(site),
        None => caller.administers() || sites.iter().any(|site| manages(site.id)),
    }
}

/// Refuses a caller that may not change agents of this site. Only administrators change agents for all sites.
pub(super) fn must_manage(caller: &Caller, site: Option<&NamedSite>) -> Result<(), Refusal> {
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

pub(super) async fn seen(records: &mut Records<'_>, caller: &Caller, name: &str) -> Result<StoredAgent, Refusal> {
    let sites = records.sites().await?;
    let found = records.find_agent(name).await?.filter(|found| may_see(caller, &found.agent, &sites));
    // The error is the same as for an agent that does not exist.
    found.ok_or_else(|| StoreError::not_found("agent", name).into())
}

pub(super) async fn uses(records: &mut Records<'_>, agent: &str) -> Result<Vec<AgentUse>, StoreError> {
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

pub(super) fn must_be_unused(agent: &Agent, uses: &[AgentUse], what: &str) -> Result<(), Refusal> {
    if uses.is_empty() {
        return Ok(());
    }
    let by = format!("it cannot be {what} while connections use it: {}", list(uses));
    Err(StoreError::InUse { what: "agent", name: agent.name.clone(), by }.into())
}

/// Refuses to redirect the traffic and the secrets of connections, unless the caller is an administrator.
pub(super) fn must_administer_used(caller: &Caller, agent: &str, uses: &[AgentUse]) -> Result<(), Refusal> {
    if uses.is_empty() || caller.administers() {
        return Ok(());
    }
    Err(Refusal::Unable(format!(
        "Connections send their secrets through the agent {}, so only an administrator may change its address: {}.",
        quoted(agent),
        list(uses)
    )))
}

//! Checks all fields of a connection except its parameters.

use soar_connector::name::{quoted, steers, suggestion};
use soar_store::model::name::{checked_name, named as with_name};
use soar_store::model::{Connection, ConnectionSites, NamedSite, SHARED, Site, SiteKind, limits};
use soar_store::{NewConnection, Records};

use super::draft::filled;
use super::{ConnectionChange, ConnectionDraft, health_check};
use crate::Refusal;

/// The longest list of tenants, in characters.
const LONGEST_TENANTS: usize = 2_000;
/// The most users that a connection may name.
const MOST_USERS: usize = 1_000;

/// The draft of a change: the connection with the given fields replaced.
pub(super) fn changed(old: &Connection, change: ConnectionChange) -> ConnectionDraft {
    let recipient = match &old.place {
        ConnectionSites::SharedToInternalSites { recipient } => recipient.as_ref().map(|site| site.name.clone()),
        ConnectionSites::Site(_) => None,
    };
    let site = change.site.unwrap_or_else(|| old.place.name().to_owned());
    // A connection that moves to a site loses its recipient site, even if the change does not say so.
    let recipient = if is_shared(&site) { recipient } else { None };
    // A change that ends the checks also ends their alerts.
    let checks = old.health_check.as_ref().filter(|_| change.health_check_minutes != Some(None));
    ConnectionDraft {
        integration: old.integration.clone(),
        name: change.name.unwrap_or_else(|| old.name.clone()),
        site,
        recipient_site: change.recipient_site.unwrap_or(recipient),
        agent_name: change.agent_name.unwrap_or_else(|| old.agent_name.clone()),
        description: change.description.unwrap_or_else(|| old.description.clone()),
        tenant: change.tenant.unwrap_or_else(|| old.tenant.clone()),
        active: change.active.unwrap_or(old.active),
        users: change.users.unwrap_or_else(|| old.users.iter().map(|(_, name)| name.clone()).collect()),
        health_check_minutes: change.health_check_minutes.unwrap_or_else(|| checks.map(|check| check.every_minutes)),
        health_check_email: change.health_check_email.unwrap_or_else(|| checks.and_then(|check| check.email.clone())),
        health_check_webhooks: change
            .health_check_webhooks
            .unwrap_or_else(|| checks.map(|check| check.webhooks.clone()).unwrap_or_default()),
        health_check_alert_after: change.health_check_alert_after.or_else(|| checks.map(|check| check.alert_after)),
        health_check_recover_after: change
            .health_check_recover_after
            .or_else(|| checks.map(|check| check.recover_after)),
        health_check_slow_ms: change.health_check_slow_ms.or_else(|| checks.map(|check| check.slow_ms)),
        parameters: change.parameters,
    }
}

/// The place of a draft.
pub(super) fn place(draft: &ConnectionDraft, sites: &[Site]) -> Result<ConnectionSites, Refusal> {
    let recipient = filled(draft.recipient_site.as_deref());
    if is_shared(&draft.site) {
        let recipient = recipient.map(|name| find(sites, name)).transpose()?;
        if let Some(site) = recipient.filter(|site| site.kind != SiteKind::Internal) {
            return Err(Refusal::Because(format!("Recipient site: {} is no internal site.", quoted(&site.name))));
        }
        return Ok(ConnectionSites::SharedToInternalSites { recipient: recipient.map(named) });
    }
    if recipient.is_some() {
        return Err(Refusal::Because(format!("Recipient site: only a connection that is \"{SHARED}\" has one.")));
    }
    Ok(ConnectionSites::Site(named(find(sites, draft.site.trim())?)))
}

/// The connection of a checked draft. The integration exists.
pub(super) async fn checked(
    records: &mut Records<'_>,
    integration: &str,
    place: &ConnectionSites,
    draft: &ConnectionDraft,
    old: Option<&Connection>,
) -> Result<NewConnection, Refusal> {
    // A stored name that breaks the current rule stays valid until it is changed.
    let name = match old {
        Some(old) if old.name == draft.name => old.name.clone(),
        _ => checked_name("connection", &draft.name)?,
    };
    let agent_name = match filled(draft.agent_name.as_deref()) {
        Some(agent) if old.is_some_and(|old| old.agent_name.as_deref() == Some(agent)) => Some(agent.to_owned()),
        Some(agent) => Some(checked_name("agent", agent)?),
        None => None,
    };
    let mut users = Vec::new();
    if draft.users.len() > MOST_USERS {
        return Err(Refusal::Because(format!("Users: {MOST_USERS} at most.")));
    }
    for name in &draft.users {
        users.push(records.user(name.trim()).await?.id);
    }
    users.sort_unstable();
    users.dedup();
    let (site, recipient) = match place {
        ConnectionSites::Site(site) => (Some(site.id), None),
        ConnectionSites::SharedToInternalSites { recipient } => (None, recipient.as_ref().map(|site| site.id)),
    };
    limits::ABOUT.check(&draft.description).map_err(|error| Refusal::Because(error.to_string()))?;
    Ok(NewConnection {
        integration: integration.to_owned(),
        name,
        site,
        recipient,
        agent_name,
        description: draft.description.trim().to_owned(),
        tenant: tenants(draft)?,
        active: draft.active,
        health_check: health_check::read(draft)?,
        users,
    })
}

/// The text of the field Tenant.
fn tenants(draft: &ConnectionDraft) -> Result<Option<String>, Refusal> {
    match filled(draft.tenant.as_deref()) {
        Some(text) if text.chars().count() > LONGEST_TENANTS || text.chars().any(steers) => {
            Err(Refusal::Because(format!("Tenant: expected at most {LONGEST_TENANTS} visible characters.")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn is_shared(site: &str) -> bool {
    let site = site.trim();
    // D3's form says "Share to Internal Sites"; other documents say "Shared to internal sites".
    site.eq_ignore_ascii_case(SHARED) || site.eq_ignore_ascii_case("Share to Internal Sites")
}

fn find<'a>(sites: &'a [Site], name: &str) -> Result<&'a Site, Refusal> {
    with_name(sites, name, |site| &site.name).first().copied().ok_or_else(|| {
        let near = suggestion(name, sites.iter().map(|site| site.name.as_str()));
        Refusal::Because(format!("There is no site {}.{near}", quoted(name)))
    })
}

fn named(site: &Site) -> NamedSite {
    NamedSite { id: site.id, name: site.name.clone() }
}

//! Finds the connection that a command runs on.

use soar_connector::name::{quoted, suggestion};
use soar_store::model::name::named;
use soar_store::model::{Caller, Connection, Place, Right, SiteId, SiteKind};
use soar_store::{ConnectionFilter, Records};

use super::rights::{may_use, missing};
use crate::Refusal;

/// The connection of these integrations for a command on the caller's site. Candidates are the connections of the site
/// and, on an internal site, the connections shared to internal sites. With several candidates `name` selects one. A
/// connection of the site takes precedence over a shared connection of the same name.
pub(super) async fn choose(
    records: &mut Records<'_>,
    caller: &Caller,
    integrations: &[&str],
    name: Option<&str>,
) -> Result<Connection, Refusal> {
    if !caller.may(Right::UseConnections, caller.site.id) {
        return Err(missing(Right::UseConnections, &caller.site.name));
    }
    must_be_active(records, caller.site.id).await?;
    let wanted = ConnectionFilter::On { site: caller.site.id, is_internal: caller.site.kind == SiteKind::Internal };
    let mut usable = records.connections(wanted).await?;
    usable.retain(|one| integrations.contains(&one.integration.as_str()) && may_use(caller, one));
    let found = pick(usable, &caller.site.name, name)?;
    if !found.active {
        return Err(inactive(&found));
    }
    Ok(found)
}

/// The refusal of a run on an inactive connection.
pub(crate) fn inactive(connection: &Connection) -> Refusal {
    Refusal::Unable(format!(
        "The connection {} is inactive, so it runs nothing. Activate it, or use another one.",
        quoted(&connection.name)
    ))
}

/// Refuses to run anything on a site that is inactive in the store.
pub(crate) async fn must_be_active(records: &mut Records<'_>, site: SiteId) -> Result<(), Refusal> {
    // The caller's site may come from a cache.
    let now = records.sites().await?.into_iter().find(|one| one.id == site);
    match now.and_then(|site| site.inactive()) {
        None => Ok(()),
        Some(why) => Err(Refusal::Unable(why)),
    }
}

fn pick(mut usable: Vec<Connection>, site: &str, name: Option<&str>) -> Result<Connection, Refusal> {
    let mut names: Vec<_> = usable.iter().map(|one| one.name.clone()).collect();
    names.dedup();
    let list = names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let site = quoted(site);
    if usable.is_empty() {
        return Err(Refusal::Unable(format!(
            "There is no connection for this command on {site} that you may use. Make a connection, or ask an \
             administrator for the right to use one."
        )));
    }
    match name {
        Some(name) => {
            let mut found: Vec<_> = named(&usable, name, |one| &one.name).into_iter().cloned().collect();
            let own = found.iter().position(|one| matches!(one.place, Place::Site(_))).unwrap_or(0);
            if found.is_empty() {
                let near = suggestion(name, names.iter().map(String::as_str));
                let name = quoted(name);
                return Err(Refusal::Because(format!("There is no connection {name} on {site}.{near} Valid: {list}.")));
            }
            Ok(found.swap_remove(own))
        }
        None if usable.len() == 1 => Ok(usable.remove(0)),
        None => Err(Refusal::Because(format!(
            "There are several connections for this command on {site}. Give one of their names in \"Connection Name\": \
             {list}."
        ))),
    }
}

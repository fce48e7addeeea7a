//! Finds the connection that a command runs on.

use soar_connector::name::{quoted, suggestion};
use soar_store::model::name::named;
use soar_store::model::{Caller, Connection, ConnectionSites, Right, SiteId};
use soar_store::{ConnectionSelection, Records, StoreError};

use super::rights::{missing, usable};
use crate::Refusal;

/// The most connections of one name on a site: of each integration one of the site and a shared one, in each form of
/// comparison.
const MOST_OF_A_NAME: i64 = 100;

/// The most names that are compared with a name that does not exist.
const MOST_COMPARED: i64 = 10_000;

/// The most names in an error.
const MOST_LISTED: usize = 100;

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
    let selection = ConnectionSelection {
        integrations: Some(integrations.iter().map(|&integration| integration.to_owned()).collect()),
        ..ConnectionSelection::of(usable(caller))
    };
    let found = match name {
        Some(name) => {
            let of_name = ConnectionSelection { name: Some(name.to_owned()), ..selection.clone() };
            let found = records.connection_page(&of_name, 0, MOST_OF_A_NAME).await?;
            let mut found: Vec<_> = named(&found, name, |one| &one.name).into_iter().cloned().collect();
            let own = found.iter().position(|one| matches!(one.place, ConnectionSites::Site(_))).unwrap_or(0);
            if found.is_empty() {
                return Err(none_of(records, &selection, &caller.site.name, Some(name)).await?);
            }
            found.swap_remove(own)
        }
        // Two tell that there are several.
        None => match <[_; 1]>::try_from(records.connection_page(&selection, 0, 2).await?) {
            Ok([only]) => only,
            Err(_) => return Err(none_of(records, &selection, &caller.site.name, None).await?),
        },
    };
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

/// The refusal where no connection of the selection has the name, or where several match and no name is given.
async fn none_of(
    records: &mut Records<'_>,
    selection: &ConnectionSelection,
    site: &str,
    name: Option<&str>,
) -> Result<Refusal, StoreError> {
    let found = records.connection_names(selection, MOST_COMPARED).await?;
    let mut names: Vec<_> = found.into_iter().map(|(_, name)| name).collect();
    names.dedup();
    let mut list = names.iter().take(MOST_LISTED).map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    if names.len() > MOST_LISTED {
        list.push_str(" and more");
    }
    let site = quoted(site);
    Ok(match name {
        _ if names.is_empty() => Refusal::Unable(format!(
            "There is no connection for this command on {site} that you may use. Make a connection, or ask an \
             administrator for the right to use one."
        )),
        Some(name) => {
            let near = suggestion(name, names.iter().map(String::as_str));
            let name = quoted(name);
            Refusal::Because(format!("There is no connection {name} on {site}.{near} Valid: {list}."))
        }
        None => Refusal::Because(format!(
            "There are several connections for this command on {site}. Give one of their names in \"Connection Name\": \
             {list}."
        )),
    })
}

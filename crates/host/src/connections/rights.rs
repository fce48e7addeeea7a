//! The rights to see, use and manage a connection.

use soar_connector::name::quoted;
use soar_store::model::{Caller, Connection, ConnectionId, ConnectionSites, NamedSite, Right, Site, SiteId, SiteKind};
use soar_store::{ConnectionSelection, Records, SHARED_PLACE, StoreError, VisibleConnections};

use crate::Refusal;

/// Whether the caller may change the connection. A shared connection works on every internal site, so the caller needs
/// the right on all of them.
pub(super) fn may_manage(caller: &Caller, place: &ConnectionSites, sites: &[Site]) -> bool {
    match place {
        ConnectionSites::Site(site) => caller.may(Right::ManageConnections, site.id),
        ConnectionSites::SharedToInternalSites { .. } => {
            let mut internal = sites.iter().filter(|site| site.kind == SiteKind::Internal).peekable();
            caller.administers()
                || (internal.peek().is_some() && internal.all(|site| caller.may(Right::ManageConnections, site.id)))
        }
    }
}

/// A place in the store. The name of a site is left out.
pub(crate) fn place_of(id: SiteId) -> ConnectionSites {
    match id {
        SHARED_PLACE => ConnectionSites::SharedToInternalSites { recipient: None },
        id => ConnectionSites::Site(NamedSite { id, name: String::new() }),
    }
}

/// The connections that the caller may see: those that the caller may use on some site, or manages.
pub(crate) fn visible(caller: &Caller, sites: &[Site]) -> VisibleConnections {
    if caller.administers() {
        return VisibleConnections::All;
    }
    let (mut whole, mut listed) = (Vec::new(), Vec::new());
    for id in sites.iter().map(|site| site.id).chain([SHARED_PLACE]) {
        let place = place_of(id);
        let may_use = match &place {
            ConnectionSites::Site(site) => caller.may(Right::UseConnections, site.id),
            ConnectionSites::SharedToInternalSites { .. } => {
                let mut internal = sites.iter().filter(|site| site.kind == SiteKind::Internal);
                internal.any(|site| caller.may(Right::UseConnections, site.id))
            }
        };
        // Administrators are on every list of users.
        if may_manage(caller, &place, sites) || (may_use && caller.user.is_administrator) {
            whole.push(id);
        } else if may_use {
            listed.push(id);
        }
    }
    VisibleConnections::Of { whole, listed, user: caller.user.id }
}

/// The connections that the caller may change.
pub(super) fn manageable(caller: &Caller, sites: &[Site]) -> VisibleConnections {
    if caller.administers() {
        return VisibleConnections::All;
    }
    let places = sites.iter().map(|site| site.id).chain([SHARED_PLACE]);
    let whole = places.filter(|id| may_manage(caller, &place_of(*id), sites)).collect();
    VisibleConnections::Of { whole, listed: Vec::new(), user: caller.user.id }
}

/// The connections on the caller's site that are for the caller. The caller's right to use connections is checked
/// before.
pub(super) fn usable(caller: &Caller) -> VisibleConnections {
    let mut places = vec![caller.site.id];
    if caller.site.kind == SiteKind::Internal {
        places.push(SHARED_PLACE);
    }
    let (whole, listed) = if caller.user.is_administrator { (places, Vec::new()) } else { (Vec::new(), places) };
    VisibleConnections::Of { whole, listed, user: caller.user.id }
}

pub(super) fn missing(right: Right, place: &str) -> Refusal {
    Refusal::Forbidden(format!("This needs the right to {right} on {}. Ask an administrator for it.", quoted(place)))
}

pub(super) fn missing_to_manage(place: &ConnectionSites) -> Refusal {
    match place {
        ConnectionSites::Site(site) => missing(Right::ManageConnections, &site.name),
        ConnectionSites::SharedToInternalSites { .. } => Refusal::Forbidden(format!(
            "This needs the right to {} on every internal site. Ask an administrator for it.",
            Right::ManageConnections
        )),
    }
}

pub(super) async fn seen(records: &mut Records<'_>, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal> {
    let selection = ConnectionSelection { ids: Some(vec![id]), ..all_seen(records, caller).await? };
    let found = records.connection_page(&selection, 0, 1).await?.pop();
    // The error is the same as for a connection that does not exist.
    found.ok_or_else(|| StoreError::not_found("connection", id.to_string()).into())
}

/// The selection of all connections that the caller may see.
pub(super) async fn all_seen(records: &mut Records<'_>, caller: &Caller) -> Result<ConnectionSelection, StoreError> {
    Ok(ConnectionSelection::of(visible(caller, &records.sites().await?)))
}

pub(super) async fn managed(
    records: &mut Records<'_>,
    caller: &Caller,
    id: ConnectionId,
) -> Result<Connection, Refusal> {
    let connection = seen(records, caller, id).await?;
    let sites = match &connection.place {
        ConnectionSites::Site(_) => Vec::new(),
        ConnectionSites::SharedToInternalSites { .. } => records.sites().await?,
    };
    if may_manage(caller, &connection.place, &sites) {
        Ok(connection)
    } else {
        Err(missing_to_manage(&connection.place))
    }
}

/// Refuses to change a connection that a master sent, since it would then differ from the master's.
pub(super) fn must_be_own(connection: &Connection) -> Result<(), Refusal> {
    match &connection.owner {
        None => Ok(()),
        Some(owner) => Err(Refusal::Unable(format!(
            "The connection {} belongs to the master {owner}. It can be tested and used here, but only the master can \
             change, share or delete it. Ask the master's administrator.",
            quoted(&connection.name)
        ))),
    }
}

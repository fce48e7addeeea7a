//! The rights to see, use and manage a connection.

use soar_connector::name::quoted;
use soar_store::model::{Caller, Connection, ConnectionId, Place, Right, Site, SiteId, SiteKind};
use soar_store::{Records, StoreError};

use crate::Refusal;

/// Whether the caller may run commands on a connection on the caller's site.
pub(super) fn may_use(caller: &Caller, connection: &Connection) -> bool {
    let is_here = match &connection.place {
        Place::Site(site) => site.id == caller.site.id,
        Place::SharedToInternalSites { .. } => caller.site.kind == SiteKind::Internal,
    };
    is_here && caller.may(Right::UseConnections, caller.site.id) && connection.is_for(caller)
}

/// Whether the caller may change the connection. A shared connection works on every internal site, so the caller needs
/// the right on all of them.
pub(super) fn may_manage(caller: &Caller, place: &Place, sites: &[Site]) -> bool {
    match place {
        Place::Site(site) => caller.may(Right::ManageConnections, site.id),
        Place::SharedToInternalSites { .. } => {
            let mut internal = sites.iter().filter(|site| site.kind == SiteKind::Internal).peekable();
            caller.administers()
                || (internal.peek().is_some() && internal.all(|site| caller.may(Right::ManageConnections, site.id)))
        }
    }
}

/// Whether the caller may see the connection: the caller may use it on some site, or manages it.
pub(crate) fn may_see(caller: &Caller, connection: &Connection, sites: &[Site]) -> bool {
    let uses = |site: SiteId| caller.may(Right::UseConnections, site) && connection.is_for(caller);
    may_manage(caller, &connection.place, sites)
        || match &connection.place {
            Place::Site(site) => uses(site.id),
            Place::SharedToInternalSites { .. } => {
                sites.iter().any(|site| site.kind == SiteKind::Internal && uses(site.id))
            }
        }
}

pub(super) fn missing(right: Right, place: &str) -> Refusal {
    Refusal::Forbidden(format!("This needs the right to {right} on {}. Ask an administrator for it.", quoted(place)))
}

pub(super) fn missing_to_manage(place: &Place) -> Refusal {
    match place {
        Place::Site(site) => missing(Right::ManageConnections, &site.name),
        Place::SharedToInternalSites { .. } => Refusal::Forbidden(format!(
            "This needs the right to {} on every internal site. Ask an administrator for it.",
            Right::ManageConnections
        )),
    }
}

pub(super) async fn seen(records: &mut Records<'_>, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal> {
    let connection = records.connection(id).await?;
    let sites = records.sites().await?;
    if may_see(caller, &connection, &sites) {
        Ok(connection)
    } else {
        // The error is the same as for a connection that does not exist.
        Err(StoreError::not_found("connection", id.to_string()).into())
    }
}

pub(super) async fn managed(
    records: &mut Records<'_>,
    caller: &Caller,
    id: ConnectionId,
) -> Result<Connection, Refusal> {
    let connection = seen(records, caller, id).await?;
    let sites = match &connection.place {
        Place::Site(_) => Vec::new(),
        Place::SharedToInternalSites { .. } => records.sites().await?,
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

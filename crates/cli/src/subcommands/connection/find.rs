//! Which connection is meant, by its name and, where several have it, its site; and on which site the user calls.

use anyhow::Result;
use clap::Args;
use soar_connector::name::{quoted, suggestion};
use soar_host::connections::Connections;
use soar_store::model::name::named;
use soar_store::model::{Caller, Connection, Place};

use crate::exit::WrongUse;
use crate::instance::{OperatorSession, refused};

/// Names a connection.
#[derive(Debug, Args)]
pub(in crate::subcommands) struct Named {
    /// The connection's name
    pub(super) connection: String,

    /// Its site, or the site to act on where it is shared [default: the only one there is]
    #[arg(long)]
    pub(super) site: Option<String>,
}

impl Named {
    /// The connection of this name, on `site` where it is given.
    pub(in crate::subcommands) fn of(connection: &str, site: Option<&str>) -> Self {
        Self { connection: connection.to_owned(), site: site.map(str::to_owned) }
    }

    /// The connection, and the user as its caller on the site that is meant.
    ///
    /// # Errors
    /// [`WrongUse`] that names the nearest one, or the sites that have one of that name.
    pub(in crate::subcommands) async fn find(
        &self,
        connections: &Connections,
        session: &OperatorSession,
    ) -> Result<(Connection, Caller)> {
        let all = seen(connections, session).await?;
        let mut found = named(&all, &self.connection, |one| &one.name);
        let site = match &self.site {
            Some(site) => Some(session.site(Some(site)).await?),
            None => None,
        };
        if let Some(site) = &site {
            let own = |one: &&Connection| matches!(&one.place, Place::Site(place) if place.id == site.id);
            let own: Vec<_> = found.iter().copied().filter(own).collect();
            // The site's own goes before one that is shared with it.
            if own.is_empty() {
                found.retain(|one| matches!(one.place, Place::SharedToInternalSites { .. }));
            } else {
                found = own;
            }
        }
        match found.as_slice() {
            [connection] => {
                let site = match (&connection.place, site) {
                    (Place::Site(place), _) => session.site(Some(&place.name)).await?,
                    (Place::SharedToInternalSites { .. }, Some(site)) => site,
                    (Place::SharedToInternalSites { recipient }, None) => {
                        let sites = session.sites().await?;
                        let recipient = recipient.as_ref().map(|site| site.id);
                        match sites.into_iter().find(|site| Some(site.id) == recipient) {
                            Some(site) => site,
                            None => session.site(None).await?,
                        }
                    }
                };
                Ok(((*connection).clone(), session.caller(site)))
            }
            [] => {
                let name = quoted(&self.connection);
                let near = suggestion(&self.connection, all.iter().map(|one| one.name.as_str()));
                let place = self.site.as_ref().map(|site| format!(" on {}", quoted(site))).unwrap_or_default();
                Err(WrongUse(format!(
                    "There is no connection {name}{place} that you may see.{near}\n`footprint connection list` shows \
                     what there is."
                ))
                .into())
            }
            several => {
                let places: Vec<_> = several.iter().map(|one| one.place.name()).collect();
                Err(WrongUse(format!(
                    "Several connections are called {}. Say which with --site: {}.",
                    quoted(&self.connection),
                    places.join(", ")
                ))
                .into())
            }
        }
    }
}

/// The connections that the user may see, on whatever site.
pub(super) async fn seen(connections: &Connections, session: &OperatorSession) -> Result<Vec<Connection>> {
    // What may be seen does not depend on the site of the call.
    connections.list(&session.any_caller().await?).await.map_err(refused)
}

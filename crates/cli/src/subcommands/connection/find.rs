//! Finds a connection by its name, and by its site if several have the name, and the site that a command runs on.

use anyhow::Result;
use clap::Args;
use soar_connector::name::{quoted, suggestion};
use soar_host::operations::{ConnectionQuery, Operations, RequestContext};
use soar_store::model::name::{named, same_name};
use soar_store::model::{Connection, ConnectionSites, Site};

use crate::exit::WrongUse;
use crate::instance::{OperatorSession, not_done};

// Names a connection.
#[derive(Debug, Args)]
pub(in crate::subcommands) struct ConnectionArguments {
    /// The connection's name
    pub(super) connection: String,

    /// Its site, or for a shared connection the site to act on [default: the only site]
    #[arg(long)]
    pub(super) site: Option<String>,
}

/// The most names that are compared with a name that does not exist.
const MOST_COMPARED: i64 = 10_000;

/// The connections of this name that the user may see.
pub(in crate::subcommands) async fn all_named(
    operations: &Operations,
    context: &RequestContext,
    name: &str,
) -> Result<Vec<Connection>> {
    let wanted = ConnectionQuery { name: Some(name.to_owned()), ..ConnectionQuery::default() };
    let found = operations.list_connections(context, &wanted).await.map_err(not_done)?.connections;
    Ok(found.into_iter().filter(|one| same_name(&one.name, name)).collect())
}

/// A sentence with the name of a connection that is like this one; empty if none is.
pub(in crate::subcommands) async fn near(
    operations: &Operations,
    context: &RequestContext,
    name: &str,
) -> Result<String> {
    let names = operations.connection_names(context, MOST_COMPARED).await.map_err(not_done)?;
    Ok(suggestion(name, names.iter().map(String::as_str)))
}

impl ConnectionArguments {
    /// The connection of this name, on `site` if it is given.
    pub(in crate::subcommands) fn of(connection: &str, site: Option<&str>) -> Self {
        Self { connection: connection.to_owned(), site: site.map(str::to_owned) }
    }

    /// The connection. A site's own connection has precedence over a shared one of the same name.
    ///
    /// # Errors
    /// [`WrongUse`] with the nearest name, or with the sites that have a connection of that name.
    pub(in crate::subcommands) async fn find(
        &self,
        operations: &Operations,
        session: &OperatorSession,
    ) -> Result<Connection> {
        let context = session.context("connection show");
        let of_name = all_named(operations, &context, &self.connection).await?;
        let mut usable: Vec<&Connection> = of_name.iter().collect();
        if let Some(site) = &self.site {
            let site = session.site(Some(site)).await?;
            let is_own = |one: &Connection| matches!(&one.place, ConnectionSites::Site(place) if place.id == site.id);
            let has_own = usable.iter().any(|one| is_own(one));
            let is_shared = |one: &Connection| matches!(one.place, ConnectionSites::SharedToInternalSites { .. });
            usable.retain(|one| if has_own { is_own(one) } else { is_shared(one) });
        }
        match named(&usable, &self.connection, |one| &one.name).as_slice() {
            [one] => Ok((**one).clone()),
            [] => {
                let name = quoted(&self.connection);
                let near = near(operations, &context, &self.connection).await?;
                let place = self.site.as_ref().map(|site| format!(" on {}", quoted(site))).unwrap_or_default();
                Err(WrongUse(format!(
                    "There is no connection {name}{place} that you may see.{near}\n`footprint connection list` lists \
                     the connections."
                ))
                .into())
            }
            several => {
                let places: Vec<_> = several.iter().map(|one| one.place.name()).collect();
                Err(WrongUse(format!(
                    "Several connections are called {}. Choose one with --site: {}.",
                    quoted(&self.connection),
                    places.join(", ")
                ))
                .into())
            }
        }
    }

    /// The site that a command on the connection runs on: the connection's own. For a shared connection it is the named
    /// site, else the recipient site, else the only site.
    ///
    /// # Errors
    /// [`WrongUse`] when several sites are possible.
    pub(super) async fn site_of_call(&self, connection: &Connection, session: &OperatorSession) -> Result<Site> {
        let recipient = match &connection.place {
            ConnectionSites::Site(place) => return session.site(Some(&place.name)).await,
            ConnectionSites::SharedToInternalSites { .. } if self.site.is_some() => None,
            ConnectionSites::SharedToInternalSites { recipient } => recipient.as_ref().map(|site| site.id),
        };
        let sites = session.sites().await?;
        match sites.into_iter().find(|site| Some(site.id) == recipient) {
            Some(site) => Ok(site),
            None => session.site(self.site.as_deref()).await,
        }
    }
}

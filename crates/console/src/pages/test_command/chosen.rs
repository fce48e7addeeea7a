//! The connection, the site and the command that the user chose.

use std::sync::Arc;

use soar_connector::Plugin;
use soar_connector::manifest::Command;
use soar_store::model::{Connection, Place, Right, Site, SiteKind};

use crate::visit::{Page, PageError, if_allowed};

/// The values of the form that chooses, as the user gave them.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    pub(super) integration: String,
    pub(super) connection: String,
    pub(super) site: String,
    pub(super) command: String,
}

/// The connections that the user may run commands on, and what the user chose of them.
#[derive(Debug)]
pub(super) struct Chosen {
    /// The active connections, each with the sites on which the user may use it.
    pub(super) connections: Vec<(Connection, Vec<Site>)>,
    pub(super) connection: Option<Connection>,
    /// The sites on which the user may use the chosen connection.
    pub(super) sites: Vec<Site>,
    pub(super) site: Option<Site>,
    pub(super) plugin: Option<Arc<dyn Plugin>>,
    pub(super) command: Option<Arc<Command>>,
}

impl Chosen {
    /// What the user chose. Unknown names choose nothing.
    pub(super) async fn of(page: &Page, given: &Given) -> Result<Self, PageError> {
        let context = page.context()?;
        let all = if_allowed(page.operations().list_connections(context, None).await)?.unwrap_or_default();
        let sites = page.operations().list_sites(context).await?;
        let usable = |connection: &Connection| -> Vec<Site> {
            let fits = |site: &&Site| {
                let is_here = match &connection.place {
                    Place::Site(own) => own.id == site.id,
                    Place::SharedToInternalSites { .. } => site.kind == SiteKind::Internal,
                };
                let caller = context.caller((*site).clone());
                is_here && site.active && caller.may(Right::UseConnections, site.id) && connection.is_for(&caller)
            };
            sites.iter().filter(fits).cloned().collect()
        };
        let with_sites = all.into_iter().filter(|one| one.active).map(|one| (usable(&one), one));
        let mut connections: Vec<_> =
            with_sites.filter(|(sites, _)| !sites.is_empty()).map(|(sites, one)| (one, sites)).collect();
        if !given.integration.is_empty() && given.connection.is_empty() {
            connections.retain(|(one, _)| one.integration == given.integration);
        }
        let is_given = |one: &Connection| one.id.to_string() == given.connection;
        let found = connections.iter().find(|(one, _)| is_given(one));
        let found = found.or_else(|| connections.first().filter(|_| given.connection.is_empty()));
        let (connection, sites) = found.cloned().map_or((None, Vec::new()), |(one, sites)| (Some(one), sites));
        let site = sites.iter().find(|site| site.name == given.site).or_else(|| sites.first()).cloned();
        let plugin = match &connection {
            Some(one) => Some(page.integration(&one.integration)?),
            None => None,
        };
        let commands = plugin.iter().flat_map(|plugin| &plugin.manifest().commands);
        let command = commands.into_iter().find(|command| command.name == given.command).cloned();
        Ok(Self { connections, connection, sites, site, plugin, command })
    }
}

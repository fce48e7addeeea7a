//! The connection, the site and the command that the user chose.

use std::sync::Arc;

use soar_connector::Plugin;
use soar_connector::manifest::Command;
use soar_host::operations::ConnectionQuery;
use soar_store::model::{Connection, ConnectionSites, Right, Site, SiteKind};

use crate::visit::{Page, PageError, if_allowed};

/// The most connections to choose from. A search finds the others.
const MOST: i64 = 100;

/// The values of the form that chooses, as the user gave them.
#[derive(Debug, Clone, Default)]
pub(super) struct ChoiceValues {
    pub(super) integration: String,
    pub(super) connection: String,
    pub(super) site: String,
    pub(super) command: String,
    /// The text that connections are searched for.
    pub(super) find: String,
}

/// The connections that the user may run commands on, and what the user chose of them.
#[derive(Debug)]
pub(super) struct CommandChoice {
    /// Active connections, each with the sites on which the user may use it: the first ones, and the chosen one.
    pub(super) connections: Vec<(Connection, Vec<Site>)>,
    /// Whether there are other connections.
    pub(super) has_more: bool,
    /// The text that connections are searched for.
    pub(super) find: String,
    pub(super) connection: Option<Connection>,
    /// The sites on which the user may use the chosen connection.
    pub(super) sites: Vec<Site>,
    pub(super) site: Option<Site>,
    pub(super) plugin: Option<Arc<dyn Plugin>>,
    pub(super) command: Option<Arc<Command>>,
}

impl CommandChoice {
    /// The user's choices. Unknown names choose nothing.
    pub(super) async fn of(page: &Page, given: &ChoiceValues) -> Result<Self, PageError> {
        let context = page.context()?;
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let wanted = ConnectionQuery {
            integration: filled(&given.integration).filter(|_| given.connection.is_empty()),
            text: filled(&given.find),
            active: Some(true),
            limit: Some(MOST),
            ..ConnectionQuery::default()
        };
        let found = if_allowed(page.operations().list_connections(context, &wanted).await)?;
        let (mut all, count) = found.map_or((Vec::new(), 0), |found| (found.connections, found.all));
        let has_more = count > all.len() || wanted.text.is_some();
        let is_given = |one: &Connection| one.id.to_string() == given.connection;
        // A search that does not find the given connection chooses another one.
        let is_searched = wanted.text.is_some() && !all.iter().any(is_given);
        if let Ok(id) = given.connection.parse()
            && !is_searched
            && !all.iter().any(is_given)
        {
            all.extend(page.operations().connection(context, id).await.ok().filter(|one| one.active));
        }
        let sites = page.operations().list_sites(context).await?;
        let usable = |connection: &Connection| -> Vec<Site> {
            let fits = |site: &&Site| {
                let is_here = match &connection.place {
                    ConnectionSites::Site(own) => own.id == site.id,
                    ConnectionSites::SharedToInternalSites { .. } => site.kind == SiteKind::Internal,
                };
                let caller = context.caller((*site).clone());
                is_here && site.active && caller.may(Right::UseConnections, site.id) && connection.is_for(&caller)
            };
            sites.iter().filter(fits).cloned().collect()
        };
        let with_sites = all.into_iter().map(|one| (usable(&one), one));
        let connections: Vec<_> =
            with_sites.filter(|(sites, _)| !sites.is_empty()).map(|(sites, one)| (one, sites)).collect();
        let found = connections.iter().find(|(one, _)| is_given(one));
        let found = found.or_else(|| connections.first().filter(|_| given.connection.is_empty() || is_searched));
        let (connection, sites) = found.cloned().map_or((None, Vec::new()), |(one, sites)| (Some(one), sites));
        let site = sites.iter().find(|site| site.name == given.site).or_else(|| sites.first()).cloned();
        let plugin = match &connection {
            Some(one) => Some(page.integration(&one.integration)?),
            None => None,
        };
        let commands = plugin.iter().flat_map(|plugin| &plugin.manifest().commands);
        let command = commands.into_iter().find(|command| command.name == given.command).cloned();
        Ok(Self { connections, has_more, find: given.find.clone(), connection, sites, site, plugin, command })
    }
}

//! Which connections a table of health has, and its groups: by server, site or tenant.

use soar_store::model::{Connection, HealthState, SiteId};
use soar_store::text_enum;

use crate::connections::{Connections, server_of};

text_enum! {
    /// What connections are grouped by.
    pub enum Grouping {
        /// The address of the server.
        Server,
        /// The site.
        Site,
        /// The tenants that a connection is shared with.
        Tenant,
    }
}

/// A filter of connections.
#[derive(Debug, Clone, Default)]
pub struct HealthFilter {
    /// Only connections of this site.
    pub site: Option<SiteId>,
    /// Only connections in this state.
    pub state: Option<HealthState>,
    /// The most connections, from 1 to 1,000; 100 unless given.
    pub limit: Option<i64>,
    /// The number of connections to skip.
    pub offset: usize,
    /// Only connections to this server.
    pub server: Option<String>,
    /// Only connections that are shared with these tenants.
    pub tenant: Option<String>,
    /// Only connections with this text in their name, site, server or agent. Upper and lower case do not matter.
    pub text: Option<String>,
    /// Counts the connections in groups.
    pub grouping: Option<Grouping>,
    /// Adds charts. Their days begin this number of hours before the days of UTC.
    pub charts: Option<i64>,
}

impl Connections {
    /// The address of the connection's server, or the name of an integration that this host does not have.
    pub(super) fn server(&self, connection: &Connection) -> String {
        let plugin = self.registry.named(&connection.integration);
        plugin.map_or_else(|_| connection.integration.clone(), |plugin| server_of(connection, &*plugin))
    }

    /// The name of the connection's group. Connections that are shared with no tenant have an empty name.
    pub(super) fn group_of(&self, connection: &Connection, grouping: Grouping) -> String {
        match grouping {
            Grouping::Server => self.server(connection),
            Grouping::Site => connection.place.name().to_owned(),
            Grouping::Tenant => connection.tenant.clone().unwrap_or_default(),
        }
    }

    /// Whether the connection has the server, the tenants and the text of the filter.
    pub(super) fn matches(&self, connection: &Connection, filter: &HealthFilter) -> bool {
        let is_on = filter.server.as_ref().is_none_or(|server| self.server(connection) == *server);
        let is_shared = filter.tenant.as_ref().is_none_or(|tenant| connection.tenant.as_ref() == Some(tenant));
        let has_text = filter.text.as_ref().is_none_or(|text| {
            let agent = connection.agent_name.as_deref().unwrap_or_default();
            let texts = [&connection.name, connection.place.name(), &self.server(connection), agent];
            let wanted = text.to_lowercase();
            texts.iter().any(|text| text.to_lowercase().contains(&wanted))
        });
        is_on && is_shared && has_text
    }
}

//! Which connections a table of health has, and its groups: by server, site or tenant.

use soar_store::model::{Caller, Connection, HealthState, SiteId};
use soar_store::{HealthGroup, HealthSelection, Records, StoreError, text_enum};

use crate::connections::{AgentsByName, Connections, place_of, server_of};

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

impl Grouping {
    /// The group in the store.
    pub(super) const fn in_store(self) -> HealthGroup {
        match self {
            Self::Server => HealthGroup::Server,
            Self::Site => HealthGroup::Site,
            Self::Tenant => HealthGroup::Tenant,
        }
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
    /// Counts the connections in groups, and lists none.
    pub grouping: Option<Grouping>,
    /// Adds charts. Their days begin this number of hours before the days of UTC.
    pub charts: Option<i64>,
    /// Leaves out the latencies of the last 24 hours, since the database reads each check of that time for them.
    pub without_latencies: bool,
    /// Leaves out the uptimes, since the database reads each hour of the last 30 days for them.
    pub without_uptimes: bool,
}

impl Connections {
    /// The address of the connection's server, or the name of an integration that this host does not have.
    pub(super) fn server(&self, connection: &Connection) -> String {
        let plugin = self.registry.named(&connection.integration);
        plugin.map_or_else(|_| connection.integration.clone(), |plugin| server_of(connection, &*plugin))
    }

    /// The connections of a filter in the store, without its state.
    pub(super) async fn selection(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        filter: &HealthFilter,
        agents: &AgentsByName,
    ) -> Result<HealthSelection, StoreError> {
        let mut connections = self.selection_of(caller, &records.sites().await?);
        connections.places = filter.site.map(|site| vec![site]);
        connections.server.clone_from(&filter.server);
        connections.tenant.clone_from(&filter.tenant);
        connections.text.clone_from(&filter.text);
        let named = records.named_agents().await?.into_iter();
        let unusable_agents =
            named.filter(|(name, place)| agents.unusable(name, &place_of(*place)).is_some()).collect();
        Ok(HealthSelection { connections, unusable_agents, now: records.now().await? })
    }
}

//! Proxy agents: named proxies for connections.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::{AgentId, ConnectionSites, Moment, NamedSite, ParameterState, SiteId, Version};

/// The text of the place of an agent for all sites.
pub const ALL_SITES: &str = "All sites";

/// A proxy agent, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// Its id in this instance.
    #[schema(value_type = i64)]
    pub id: AgentId,
    /// Its name, unique in this instance. Case makes no difference.
    pub name: String,
    /// The only site whose connections may go through it; null where the connections of all sites may.
    #[serde(serialize_with = "name_of")]
    #[schema(value_type = Option<String>)]
    pub site: Option<NamedSite>,
    /// The address of the proxy, such as `http://proxy.example.com:3128`.
    pub address: String,
    /// The user name for the proxy.
    pub user_name: Option<String>,
    /// Whether a secret is kept, or the reference to it. The secret is never shown.
    pub secret: Option<ParameterState>,
    /// Its description.
    pub description: String,
    /// Each change raises it.
    #[schema(value_type = i64)]
    pub version: Version,
    /// When it was created.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// When it was last changed.
    #[schema(value_type = i64)]
    pub modified_at: Moment,
}

impl Agent {
    /// The id of its only site. `None` for all sites.
    #[must_use]
    pub fn site_id(&self) -> Option<SiteId> {
        self.site.as_ref().map(|site| site.id)
    }

    /// The name of its only site, or `All sites`.
    #[must_use]
    pub fn place(&self) -> &str {
        self.site.as_ref().map_or(ALL_SITES, |site| &site.name)
    }

    /// Whether a connection in `place` may use it. A shared connection works on several sites, so it needs an agent for
    /// all sites.
    #[must_use]
    pub fn serves(&self, place: &ConnectionSites) -> bool {
        match (&self.site, place) {
            (None, _) => true,
            (Some(own), ConnectionSites::Site(site)) => own.id == site.id,
            (Some(_), ConnectionSites::SharedToInternalSites { .. }) => false,
        }
    }
}

#[allow(clippy::ref_option, reason = "serde gives a reference to the field")]
fn name_of<S: Serializer>(site: &Option<NamedSite>, serializer: S) -> Result<S::Ok, S::Error> {
    site.as_ref().map(|site| &site.name).serialize(serializer)
}

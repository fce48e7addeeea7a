//! Proxy agents: the proxies that connections go through, by name.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::{AgentId, Moment, NamedSite, ParameterState, Place, SiteId};

/// How the place of an agent for the connections of all sites reads.
pub const ALL_SITES: &str = "All sites";

/// A proxy agent, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// Its number in this instance.
    #[schema(value_type = i64)]
    pub id: AgentId,
    /// Its name, unique in this instance; compared without regard to case.
    pub name: String,
    /// The only site whose connections may go through it; null where the connections of all sites may.
    #[serde(serialize_with = "name_of")]
    #[schema(value_type = Option<String>)]
    pub site: Option<NamedSite>,
    /// The address of the proxy, such as `http://proxy.example.com:3128`.
    pub address: String,
    /// The user name that the proxy wants.
    pub user_name: Option<String>,
    /// Whether a secret is kept, or where it lives. The secret itself is never shown.
    pub secret: Option<ParameterState>,
    /// What it is for.
    pub description: String,
    /// Rises with every change.
    pub version: i64,
    /// When it was made.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// When it was last changed.
    #[schema(value_type = i64)]
    pub modified_at: Moment,
}

impl Agent {
    /// The number of its only site; `None` for all sites.
    #[must_use]
    pub fn site_id(&self) -> Option<SiteId> {
        self.site.as_ref().map(|site| site.id)
    }

    /// Its only site's name, or `All sites`.
    #[must_use]
    pub fn place(&self) -> &str {
        self.site.as_ref().map_or(ALL_SITES, |site| &site.name)
    }

    /// Whether a connection in `place` may go through it. A shared connection works on several sites, so it needs an
    /// agent for all sites.
    #[must_use]
    pub fn serves(&self, place: &Place) -> bool {
        match (&self.site, place) {
            (None, _) => true,
            (Some(own), Place::Site(site)) => own.id == site.id,
            (Some(_), Place::SharedToInternalSites { .. }) => false,
        }
    }
}

#[allow(clippy::ref_option, reason = "serde gives a reference to the field")]
fn name_of<S: Serializer>(site: &Option<NamedSite>, serializer: S) -> Result<S::Ok, S::Error> {
    site.as_ref().map(|site| &site.name).serialize(serializer)
}

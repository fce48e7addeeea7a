//! Sites, which separate incidents, connections, schedules and keys from each other.

use serde::Serialize;
use soar_connector::name::quoted;
use utoipa::ToSchema;

use super::SiteId;
use super::access::text_enum;
use crate::columns::{Flag, from_row};

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Site {
    /// Its id in this instance.
    #[schema(value_type = i64)]
    pub id: SiteId,
    /// Its name. Case makes no difference.
    pub name: String,
    /// Its kind.
    pub kind: SiteKind,
    /// Its description.
    pub description: String,
    /// Its IANA time zone, such as `America/Vancouver`. Dates of its incidents are shown in it.
    pub time_zone: String,
    /// Its language as a BCP 47 tag, such as `en`.
    pub language: String,
    /// Whether the site is active. An inactive site runs no command, no schedule and no health check, and takes no
    /// sync.
    pub active: bool,
    /// The name of the master that set it inactive. Null where this instance did, or where the site is active.
    pub deactivated_by: Option<String>,
}

from_row! { Site: id, name, kind, description, time_zone, language, active as Flag, deactivated_by }

impl Site {
    /// Why the site runs nothing. `None` where it is active.
    #[must_use]
    pub fn inactive(&self) -> Option<String> {
        let name = quoted(&self.name);
        match &self.deactivated_by {
            _ if self.active => None,
            Some(master) => Some(format!(
                "The site {name} is inactive: the master {} set it so. It runs nothing and takes no sync until that \
                 master sets it active.",
                quoted(master)
            )),
            None => Some(format!(
                "The site {name} is inactive. It runs nothing and takes no sync until an administrator sets it active."
            )),
        }
    }
}

text_enum! {
    /// The kind of a site.
    pub enum SiteKind {
        /// A site of the provider. Connections that are shared to internal sites work here.
        Internal,
        /// A site of a client.
        Client,
    }
}

//! Sites: what separates incidents, connections, schedules and keys from each other.

use serde::Serialize;
use soar_connector::name::quoted;
use utoipa::ToSchema;

use super::SiteId;
use super::access::text_enum;

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Site {
    /// Its number in this instance.
    #[schema(value_type = i64)]
    pub id: SiteId,
    /// Its name; compared without regard to case.
    pub name: String,
    /// Whose it is.
    pub kind: SiteKind,
    /// What it is for.
    pub description: String,
    /// Its IANA time zone, such as `America/Vancouver`; dates of its incidents are shown in it.
    pub time_zone: String,
    /// Its language as a BCP 47 tag, such as `en`.
    pub language: String,
    /// Whether anything runs on it. An inactive site runs no command, no schedule and no health check, and takes no sync.
    #[sqlx(try_from = "crate::columns::Flag")]
    pub active: bool,
    /// The name of the master that set it inactive; null where this instance did, or where the site is active.
    pub deactivated_by: Option<String>,
}

impl Site {
    /// Why nothing runs on it; `None` where it is active.
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
    /// Whose a site is.
    pub enum SiteKind {
        /// Of the provider itself; connections shared to internal sites work here.
        Internal,
        /// Of one of its clients.
        Client,
    }
}

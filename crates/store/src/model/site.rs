//! Sites: what separates incidents, connections, schedules and keys from each other.

use serde::Serialize;
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

//! Rows of connections, as queries return them.

use super::columns::{Flag, Json, from_row};
use crate::model::{
    Connection, ConnectionId, ConnectionSites, Destination, HealthCheck, Moment, NamedSite, Owner, SiteId, UserId,
    Version,
};

/// The place of connections that are shared to internal sites.
pub const SHARED_PLACE: SiteId = SiteId(0);

/// A connection with the names of its sites, its health check and its owner.
pub(super) struct ConnectionRow {
    pub(super) id: ConnectionId,
    pub(super) integration: String,
    pub(super) name: String,
    pub(super) site_id: Option<SiteId>,
    pub(super) site_name: Option<String>,
    pub(super) recipient_site_id: Option<SiteId>,
    pub(super) recipient_site_name: Option<String>,
    pub(super) agent_name: Option<String>,
    pub(super) description: String,
    pub(super) tenant: Option<String>,
    pub(super) active: bool,
    pub(super) version: Version,
    pub(super) created_at: Moment,
    pub(super) modified_at: Moment,
    pub(super) health_check: HealthCheckRow,
    pub(super) owner: OwnerRow,
}

from_row! {
    ConnectionRow: id, integration, name, site_id, site_name, recipient_site_id, recipient_site_name, agent_name,
        description, tenant, active as Flag, version, created_at, modified_at, ..health_check, ..owner,
}

/// How often the host tests a connection. Its schedule holds the rest.
pub(super) struct HealthCheckRow {
    pub(super) health_check_minutes: Option<i64>,
    pub(super) health_check_email: Option<String>,
    pub(super) alert_to: Option<Json<Vec<Destination>>>,
    pub(super) alert_after: Option<i64>,
    pub(super) recover_after: Option<i64>,
    pub(super) slow_ms: Option<i64>,
}

from_row! { HealthCheckRow: health_check_minutes, health_check_email, alert_to, alert_after, recover_after, slow_ms }

/// The master that sent a connection, if one did.
pub(super) struct OwnerRow {
    pub(super) master: Option<String>,
    pub(super) master_region: Option<String>,
    pub(super) master_connection: Option<ConnectionId>,
}

from_row! { OwnerRow: master, master_region, master_connection }

/// A user on a connection's list.
pub(super) struct ConnectionUser {
    pub(super) connection_id: ConnectionId,
    pub(super) user_id: UserId,
    pub(super) user_name: String,
}

from_row! { ConnectionUser: connection_id, user_id, user_name }

pub(super) struct ConnectionVersion {
    pub(super) id: ConnectionId,
    pub(super) version: Version,
}

from_row! { ConnectionVersion: id, version }

impl From<ConnectionRow> for Connection {
    fn from(row: ConnectionRow) -> Self {
        let named = |id: Option<SiteId>, name: Option<String>| id.zip(name).map(|(id, name)| NamedSite { id, name });
        Self {
            id: row.id,
            integration: row.integration,
            name: row.name,
            place: match named(row.site_id, row.site_name) {
                Some(site) => ConnectionSites::Site(site),
                None => ConnectionSites::SharedToInternalSites {
                    recipient: named(row.recipient_site_id, row.recipient_site_name),
                },
            },
            agent_name: row.agent_name,
            description: row.description,
            tenant: row.tenant,
            owner: row.owner.into(),
            active: row.active,
            users: Vec::new(),
            health_check: row.health_check.into(),
            parameters: Vec::new(),
            version: row.version,
            created_at: row.created_at,
            modified_at: row.modified_at,
        }
    }
}

impl From<HealthCheckRow> for Option<HealthCheck> {
    fn from(row: HealthCheckRow) -> Self {
        let every_minutes = row.health_check_minutes?;
        let told = row.alert_to.map(|told| told.0).unwrap_or_default();
        let webhooks = told.into_iter().filter_map(|destination| match destination {
            Destination::Webhook(name) => Some(name),
            Destination::Mail(_) => None,
        });
        Some(HealthCheck {
            every_minutes,
            email: row.health_check_email,
            webhooks: webhooks.collect(),
            alert_after: row.alert_after.unwrap_or(HealthCheck::ALERT_AFTER),
            recover_after: row.recover_after.unwrap_or(HealthCheck::RECOVER_AFTER),
            slow_ms: row.slow_ms.unwrap_or(HealthCheck::SLOW_MS),
        })
    }
}

impl From<OwnerRow> for Option<Owner> {
    fn from(row: OwnerRow) -> Self {
        let (master, connection) = row.master.zip(row.master_connection)?;
        Some(Owner { master, region: row.master_region.unwrap_or_default(), connection })
    }
}

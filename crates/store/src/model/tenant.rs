//! Master and tenant instances, as each side keeps the other.

use serde::Serialize;
use utoipa::ToSchema;

use super::access::text_enum;
use super::{ConnectionId, MasterId, Moment, TenantId, TenantKeyId};
use crate::columns::from_row;

text_enum! {
    /// The state of a tenant on its master.
    pub enum TenantState {
        /// The master has the tenant's address and one-time key.
        Added,
        /// Both instances have a common secret.
        Registered,
        /// The master has revoked it.
        Revoked,
    }
}

/// On a master: an instance that it sends connections to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Its id on this instance.
    #[schema(value_type = i64)]
    pub id: TenantId,
    /// Its name, unique in its region. Case makes no difference.
    pub name: String,
    /// Its region, such as `AMER`. Case makes no difference.
    pub region: String,
    /// Its address.
    pub url: String,
    /// Its state.
    pub state: TenantState,
    /// The tenant instance's public key, once it is registered.
    pub instance: Option<String>,
    /// When it was added.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// When it was registered.
    #[schema(value_type = Option<i64>)]
    pub registered_at: Option<Moment>,
    /// When it was revoked.
    #[schema(value_type = Option<i64>)]
    pub revoked_at: Option<Moment>,
}

from_row! { Tenant: id, name, region, url, state, instance, created_at, registered_at, revoked_at }

text_enum! {
    /// The state of a master on its tenant.
    pub enum MasterState {
        /// The tenant takes its connections.
        Registered,
        /// The tenant has revoked it.
        Revoked,
    }
}

/// On a tenant: an instance that sends it connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Master {
    /// Its id on this instance.
    #[schema(value_type = i64)]
    pub id: MasterId,
    /// The master instance's public key.
    pub instance: String,
    /// Its name. Case makes no difference.
    pub name: String,
    /// Its region; may be empty.
    pub region: String,
    /// Its state.
    pub state: MasterState,
    /// The master's name for this instance.
    pub tenant_name: String,
    /// The master's region for this instance.
    pub tenant_region: String,
    /// The number of its connections on this instance.
    pub connections: i64,
    /// When it was registered.
    #[schema(value_type = i64)]
    pub registered_at: Moment,
    /// When its last message was taken.
    #[schema(value_type = Option<i64>)]
    pub seen_at: Option<Moment>,
    /// When it was revoked.
    #[schema(value_type = Option<i64>)]
    pub revoked_at: Option<Moment>,
}

from_row! {
    Master: id, instance, name, region, state, tenant_name, tenant_region, connections, registered_at, seen_at,
        revoked_at,
}

text_enum! {
    /// The state of a one-time key.
    pub enum TenantKeyState {
        /// A master may register with it.
        Open,
        /// A master has registered with it.
        Used,
        /// It has expired.
        Expired,
        /// It was revoked.
        Revoked,
    }
}

/// On a tenant: a one-time key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantKey {
    /// Its id on this instance.
    #[schema(value_type = i64)]
    pub id: TenantKeyId,
    /// The name by which it is listed and revoked. It is derived from the key and reveals nothing about it.
    pub name: String,
    /// Its state.
    pub state: TenantKeyState,
    /// The name of the user who created it.
    pub created_by: String,
    /// When it was created.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// When it expires.
    #[schema(value_type = i64)]
    pub expires_at: Moment,
}

/// The master that sent a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The master's name.
    pub master: String,
    /// The master's region; may be empty.
    pub region: String,
    /// The connection's id on the master.
    #[schema(value_type = i64)]
    pub connection: ConnectionId,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.master)?;
        if self.region.is_empty() { Ok(()) } else { write!(formatter, " ({})", self.region) }
    }
}

//! Master and tenant instances, as either side knows the other.

use serde::Serialize;
use utoipa::ToSchema;

use super::access::text_enum;
use super::{ConnectionId, MasterId, Moment, TenantId, TenantKeyId};

text_enum! {
    /// How far a master has come with a tenant.
    pub enum TenantState {
        /// It knows the tenant's address and one-time key.
        Added,
        /// Both hold a secret for each other.
        Registered,
        /// It was taken back.
        Revoked,
    }
}

/// On a master: an instance that connections are sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Its number on this instance.
    #[schema(value_type = i64)]
    pub id: TenantId,
    /// Its name; compared without regard to case, unique in its region.
    pub name: String,
    /// Its region, such as `AMER`; compared without regard to case.
    pub region: String,
    /// Where it is reached.
    pub url: String,
    /// How far it has come.
    pub state: TenantState,
    /// The tenant instance's public key, once it is registered.
    pub instance: Option<String>,
    /// When it was made.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// When it was registered.
    #[schema(value_type = Option<i64>)]
    pub registered_at: Option<Moment>,
    /// When it was revoked.
    #[schema(value_type = Option<i64>)]
    pub revoked_at: Option<Moment>,
}

text_enum! {
    /// Whether a tenant takes connections from a master.
    pub enum MasterState {
        /// It does.
        Registered,
        /// It does no more.
        Revoked,
    }
}

/// On a tenant: an instance that sends it connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Master {
    /// Its number on this instance.
    #[schema(value_type = i64)]
    pub id: MasterId,
    /// The master instance's public key.
    pub instance: String,
    /// Its name; compared without regard to case.
    pub name: String,
    /// Its region; may be empty.
    pub region: String,
    /// Whether connections are taken from it.
    pub state: MasterState,
    /// What it calls this instance.
    pub tenant_name: String,
    /// In which region it has this instance.
    pub tenant_region: String,
    /// How many connections here are its own.
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

text_enum! {
    /// What state a one-time key is in.
    pub enum TenantKeyState {
        /// A master may register with it.
        Open,
        /// A master has.
        Used,
        /// Its time is over.
        Expired,
        /// It was taken back.
        Revoked,
    }
}

/// On a tenant: a one-time key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantKey {
    /// Its number on this instance.
    #[schema(value_type = i64)]
    pub id: TenantKeyId,
    /// By which it is listed and revoked: drawn from the key, and says nothing about it.
    pub name: String,
    /// What state it is in.
    pub state: TenantKeyState,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// From when on it is refused.
    #[schema(value_type = i64)]
    pub expires_at: Moment,
}

/// Whose connection it is that this instance received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The master's name.
    pub master: String,
    /// The master's region; may be empty.
    pub region: String,
    /// The connection's number on the master.
    #[schema(value_type = i64)]
    pub connection: ConnectionId,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.master)?;
        if self.region.is_empty() { Ok(()) } else { write!(formatter, " ({})", self.region) }
    }
}

//! Connections: the address and the credentials with which a site uses one instance of a product.

use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{Caller, ConnectionId, Moment, Owner, SiteId, UserId, Version};
use crate::model::Reference;

/// The text of the place of a shared connection.
pub const SHARED: &str = "Shared to internal sites";

/// A site, as a connection names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSite {
    /// Its id.
    pub id: SiteId,
    /// Its name.
    pub name: String,
}

/// The sites on which a connection may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionSites {
    /// On one site.
    Site(NamedSite),
    /// On every internal site.
    SharedToInternalSites {
        /// The internal site that the connection's events go to.
        recipient: Option<NamedSite>,
    },
}

impl ConnectionSites {
    /// The text of the place: the site's name, or `Shared to internal sites`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Site(site) => &site.name,
            Self::SharedToInternalSites { .. } => SHARED,
        }
    }
}

/// How often a connection is tested, and the destinations of its alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// Minutes from one test to the next.
    pub every_minutes: i64,
    /// The mail addresses that alerts go to, with commas between them.
    pub email: Option<String>,
    /// The names of webhooks in the host's settings that alerts go to.
    pub webhooks: Vec<String>,
    /// The number of failed tests in a row that opens an alert.
    pub alert_after: i64,
    /// The number of passed tests in a row after which the connection has recovered.
    pub recover_after: i64,
    /// A test that takes this many milliseconds or more is slow.
    pub slow_ms: i64,
}

impl HealthCheck {
    /// The default of `alert_after`.
    pub const ALERT_AFTER: i64 = 3;
    /// The default of `recover_after`.
    pub const RECOVER_AFTER: i64 = 2;
    /// The default of `slow_ms`.
    pub const SLOW_MS: i64 = 5_000;
}

/// The parts of a parameter's value that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterState {
    /// A value that is not a secret.
    Plain(String),
    /// The store keeps a secret. It is never shown.
    Sealed,
    /// The reference to a secret.
    Reference(Reference),
}

impl Serialize for ParameterState {
    /// A plain value as text, `{"secret": true}`, or `{"reference": "env:NAME"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => serializer.serialize_str(value),
            Self::Sealed => serializer.collect_map([("secret", true)]),
            Self::Reference(reference) => serializer.collect_map([("reference", reference)]),
        }
    }
}

impl PartialSchema for ParameterState {
    fn schema() -> RefOr<Schema> {
        let object = |name: &str, kind: Type| {
            ObjectBuilder::new().property(name, ObjectBuilder::new().schema_type(kind)).required(name)
        };
        OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::String).description(Some("The value, which is no secret.")))
            .item(object("secret", Type::Boolean).description(Some("A secret is kept, and never shown.")))
            .item(object("reference", Type::String).description(Some("The secret lives there.")))
            .into()
    }
}

impl ToSchema for ParameterState {}

/// A parameter of a connection, as the integration's manifest declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionParameter {
    /// Its name, as the manifest spells it.
    pub name: String,
    /// Its value, as far as it may be shown.
    pub value: ParameterState,
}

/// A connection, without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id in this instance.
    pub id: ConnectionId,
    /// The integration's stable name, such as `coda-footprint`.
    pub integration: String,
    /// Its name, unique per integration and place. Case makes no difference.
    pub name: String,
    /// The sites on which it may be used.
    pub place: ConnectionSites,
    /// The name of its proxy agent.
    pub agent_name: Option<String>,
    /// Its description.
    pub description: String,
    /// The tenants that it is shared with: their names, or `All tenants`.
    pub tenant: Option<String>,
    /// The master that sent it, if one did. Then it can be changed only there.
    pub owner: Option<Owner>,
    /// Whether commands run on it.
    pub active: bool,
    /// The ids and names of the users who may use it. If there are none, everybody with the right may.
    pub users: Vec<(UserId, String)>,
    /// How often the host tests it.
    pub health_check: Option<HealthCheck>,
    /// Its parameters, in the order of their names.
    pub parameters: Vec<ConnectionParameter>,
    /// Each change raises it.
    pub version: Version,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub modified_at: Moment,
}

impl Connection {
    /// Whether the caller is on its list of users, or the list is empty. Administrators are on every list.
    #[must_use]
    pub fn is_for(&self, caller: &Caller) -> bool {
        caller.user.is_administrator || self.users.is_empty() || self.users.iter().any(|(id, _)| *id == caller.user.id)
    }
}

/// A connection, without any secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Connection)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    /// Its id in this instance.
    #[schema(value_type = i64)]
    id: ConnectionId,
    /// The integration's stable name, such as `coda-footprint`.
    integration: &'a str,
    /// Its name, unique per integration and site. Case makes no difference.
    name: &'a str,
    /// Its site, or `Shared to internal sites`.
    site: &'a str,
    /// The recipient site of a shared connection: the internal site of the incidents that rules make from its findings.
    /// The connection is tested on this site unless another one is named.
    recipient_site: Option<&'a str>,
    /// The name of its proxy agent on the host. Null where it connects directly or has a proxy of its own.
    agent_name: Option<&'a str>,
    /// Its description.
    description: &'a str,
    /// The tenants that it is shared with: names with commas between them, each possibly with a site
    /// (`TestTenant/TenantSite`), or `All tenants`.
    tenant: Option<&'a str>,
    /// The master that sent it, if one did. Then it can be changed only there.
    owner: Option<&'a Owner>,
    /// Whether commands run on it.
    active: bool,
    /// The names of the users who may use it. If there are none, everybody with the right may.
    users: Vec<&'a str>,
    /// How often the host tests it.
    health_check: Option<&'a HealthCheck>,
    /// Its parameters by name.
    parameters: std::collections::BTreeMap<&'a str, &'a ParameterState>,
    /// Each change raises it.
    #[schema(value_type = i64)]
    version: Version,
    /// When it was created.
    #[schema(value_type = i64)]
    created_at: Moment,
    /// When it was last changed.
    #[schema(value_type = i64)]
    modified_at: Moment,
}

impl Serialize for Connection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let recipient = match &self.place {
            ConnectionSites::SharedToInternalSites { recipient } => recipient.as_ref(),
            ConnectionSites::Site(_) => None,
        };
        Shown {
            id: self.id,
            integration: &self.integration,
            name: &self.name,
            site: self.place.name(),
            recipient_site: recipient.map(|site| site.name.as_str()),
            agent_name: self.agent_name.as_deref(),
            description: &self.description,
            tenant: self.tenant.as_deref(),
            owner: self.owner.as_ref(),
            active: self.active,
            users: self.users.iter().map(|(_, name)| name.as_str()).collect(),
            health_check: self.health_check.as_ref(),
            parameters: self.parameters.iter().map(|one| (one.name.as_str(), &one.value)).collect(),
            version: self.version,
            created_at: self.created_at,
            modified_at: self.modified_at,
        }
        .serialize(serializer)
    }
}

impl PartialSchema for Connection {
    fn schema() -> RefOr<Schema> {
        Shown::schema()
    }
}

impl ToSchema for Connection {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Shown::schemas(schemas);
    }
}

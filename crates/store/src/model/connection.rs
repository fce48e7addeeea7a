//! Connections: what a site needs to reach one instance of a product.

use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{Caller, ConnectionId, Moment, Owner, SiteId, UserId};
use crate::model::Reference;

/// How the place of a connection that is no single site's reads.
pub const SHARED: &str = "Shared to internal sites";

/// A site, as a connection names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSite {
    /// Its number.
    pub id: SiteId,
    /// Its name.
    pub name: String,
}

/// Where a connection may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On one site.
    Site(NamedSite),
    /// On every internal site.
    SharedToInternalSites {
        /// The internal site that its events go to.
        recipient: Option<NamedSite>,
    },
}

impl Place {
    /// As it is shown: the site's name, or `Shared to internal sites`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Site(site) => &site.name,
            Self::SharedToInternalSites { .. } => SHARED,
        }
    }
}

/// How often a connection is tested, and who hears of failures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// Minutes from one test to the next.
    pub every_minutes: i64,
    /// Where mail about failed tests goes: addresses, with commas between them.
    pub email: Option<String>,
    /// Webhooks of the host's settings that hear of failed tests too, by name.
    pub webhooks: Vec<String>,
    /// After how many failed tests in a row somebody is told.
    pub alert_after: i64,
    /// From how many milliseconds on a test that passes is a slow one.
    pub slow_ms: i64,
}

impl HealthCheck {
    /// After how many failed tests in a row somebody is told, unless it is said.
    pub const ALERT_AFTER: i64 = 3;
    /// From how many milliseconds on a test is a slow one, unless it is said.
    pub const SLOW_MS: i64 = 5_000;
}

/// What is known of a parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterState {
    /// The value, which is no secret.
    Plain(String),
    /// A secret is kept, and never shown.
    Sealed,
    /// The secret lives there.
    Reference(Reference),
}

impl Serialize for ParameterState {
    /// A plain value as text; `{"secret": true}`; `{"reference": "env:NAME"}`.
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

/// One of the parameters that the integration's manifest calls settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionParameter {
    /// As the manifest spells it.
    pub name: String,
    /// What is known of its value.
    pub value: ParameterState,
}

/// A connection, without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its number in this instance.
    pub id: ConnectionId,
    /// The integration's stable name, such as `coda-footprint`.
    pub integration: String,
    /// Its name, unique per integration and place; compared without regard to case.
    pub name: String,
    /// Where it may be used.
    pub place: Place,
    /// The proxy agent that it goes through.
    pub agent_name: Option<String>,
    /// What it is for.
    pub description: String,
    /// The tenants that it is shared with: their names, or `All tenants`.
    pub tenant: Option<String>,
    /// Whose it is, where a master sent it; then it is changed only there.
    pub owner: Option<Owner>,
    /// Whether commands run on it.
    pub active: bool,
    /// The users who may use it, by number and name; everybody with the right when there are none.
    pub users: Vec<(UserId, String)>,
    /// How often it is tested.
    pub health_check: Option<HealthCheck>,
    /// Its parameters, in the order of their names.
    pub parameters: Vec<ConnectionParameter>,
    /// Rises with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub modified_at: Moment,
}

impl Connection {
    /// Whether its list of users lets the caller use it. Administrators are on every list.
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
    /// Its number in this instance.
    #[schema(value_type = i64)]
    id: ConnectionId,
    /// The integration's stable name, such as `coda-footprint`.
    integration: &'a str,
    /// Its name, unique per integration and site; compared without regard to case.
    name: &'a str,
    /// Its site, or `Shared to internal sites`.
    site: &'a str,
    /// For one that is shared: the internal site of the incidents that will be made from its findings and alerts. No
    /// rule makes any yet. Until then it is the site from which the connection is tested unless another one is named.
    recipient_site: Option<&'a str>,
    /// The proxy agent of the host that it goes through; null where it goes direct or has a proxy of its own.
    agent_name: Option<&'a str>,
    /// What it is for.
    description: &'a str,
    /// The tenants that it is shared with: names with commas in between, each possibly with a site
    /// (`TestTenant/TenantSite`), or `All tenants`.
    tenant: Option<&'a str>,
    /// Whose it is, where a master sent it; then it is changed only there.
    owner: Option<&'a Owner>,
    /// Whether commands run on it.
    active: bool,
    /// The names of the users who may use it; everybody with the right when there are none.
    users: Vec<&'a str>,
    /// How often it is tested.
    health_check: Option<&'a HealthCheck>,
    /// Its parameters by name.
    parameters: std::collections::BTreeMap<&'a str, &'a ParameterState>,
    /// Rises with every change.
    version: i64,
    /// When it was made.
    #[schema(value_type = i64)]
    created_at: Moment,
    /// When it was last changed.
    #[schema(value_type = i64)]
    modified_at: Moment,
}

impl Serialize for Connection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let recipient = match &self.place {
            Place::SharedToInternalSites { recipient } => recipient.as_ref(),
            Place::Site(_) => None,
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

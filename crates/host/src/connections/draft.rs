//! The bodies with which callers create and change connections.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use soar_store::model::{Reference, Version, shapes};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The given value of a parameter. `Debug` shows no value.
#[derive(Clone)]
pub enum GivenValue {
    /// The value. A blank text is [`GivenValue::Blank`].
    Value(SecretString),
    /// A reference to the secret; in JSON `{"reference": "env:NAME"}`.
    Reference(Reference),
    /// An empty text, as forms send it. It removes a plain parameter and leaves a secret unchanged.
    Blank,
    /// Null, which removes the value.
    Nothing,
}

impl GivenValue {
    /// A value, or blank.
    #[must_use]
    pub fn text(text: &str) -> Self {
        if text.trim().is_empty() { Self::Blank } else { Self::Value(SecretString::from(text)) }
    }
}

impl fmt::Debug for GivenValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => formatter.write_str("Value"),
            Self::Reference(reference) => write!(formatter, "Reference({reference})"),
            Self::Blank => formatter.write_str("Blank"),
            Self::Nothing => formatter.write_str("Nothing"),
        }
    }
}

impl<'de> Deserialize<'de> for GivenValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The error does not quote the value, which may be a secret.
        let expected =
            || D::Error::custom("expected a text, a number, true, false, null or {\"reference\": \"env:NAME\"}");
        Ok(match Value::deserialize(deserializer).map_err(|_| expected())? {
            Value::Null => Self::Nothing,
            Value::String(text) => Self::text(&text),
            Value::Number(number) => Self::text(&number.to_string()),
            Value::Bool(yes) => Self::text(if yes { "Yes" } else { "No" }),
            Value::Object(fields) => match fields.get("reference") {
                Some(Value::String(reference)) if fields.len() == 1 => {
                    Self::Reference(reference.parse().map_err(D::Error::custom)?)
                }
                _ => return Err(expected()),
            },
            Value::Array(_) => return Err(expected()),
        })
    }
}

impl PartialSchema for GivenValue {
    fn schema() -> RefOr<Schema> {
        let reference = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(env|command):[A-Za-z0-9_]+$|^file:/[A-Za-z0-9_./-]+$"))
            .description(Some("The place of the secret."));
        let mut any = AnyOfBuilder::new();
        for kind in [Type::String, Type::Number, Type::Boolean, Type::Null] {
            let object = ObjectBuilder::new().schema_type(kind.clone());
            any = any.item(if matches!(kind, Type::String) { object.pattern(Some(r"^[^\u0000]*$")) } else { object });
        }
        let elsewhere = ObjectBuilder::new().property("reference", reference).required("reference");
        any.item(elsewhere.additional_properties(Some(AdditionalProperties::FreeForm(false))))
            .description(Some(
                "A value; {\"reference\": \"env:NAME\"} for a secret in a vault; or null, which removes the value. An \
                 empty text removes a plain value and leaves a secret unchanged.",
            ))
            .into()
    }
}

impl ToSchema for GivenValue {}

/// A new connection.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConnectionDraft {
    /// The integration's stable name or its product's name, such as `coda-footprint` or `CODA Footprint`.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub integration: String,
    /// The connection's name.
    #[schema(schema_with = shapes::name)]
    pub name: String,
    /// A site's name, or `Shared to internal sites`.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub site: String,
    /// For a shared connection: the internal site of the incidents that rules make from its findings.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub recipient_site: Option<String>,
    /// The proxy agent that the connection uses. GET /agents lists the agents.
    #[serde(default)]
    #[schema(schema_with = shapes::agent)]
    pub agent_name: Option<String>,
    /// The purpose of the connection.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    pub description: String,
    /// The tenants with which the connection is shared: names with commas between them, each possibly with a site
    /// (`TestTenant/TenantSite`), or `All tenants`.
    #[serde(default)]
    #[schema(schema_with = shapes::tenant)]
    pub tenant: Option<String>,
    /// Whether commands run on the connection. Yes unless given.
    #[serde(default = "yes")]
    pub active: bool,
    /// The names of the users who may use the connection; empty for all users with the right.
    #[serde(default)]
    pub users: Vec<String>,
    /// The interval between health checks in minutes; null for no health checks.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 43200)]
    pub health_check_minutes: Option<i64>,
    /// The mail addresses for alerts about failed health checks, with commas between them.
    #[serde(default)]
    #[schema(max_length = 1000, pattern = r"^[^\u0000]*$")]
    pub health_check_email: Option<String>,
    /// The names of webhooks in the host's settings that also get these alerts.
    #[serde(default)]
    pub health_check_webhooks: Vec<String>,
    /// The number of failed health checks in a row after which an alert is sent. 3 unless given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    pub health_check_alert_after: Option<i64>,
    /// The number of passed health checks in a row after which a failed connection counts as recovered. 2 unless given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10)]
    pub health_check_recover_after: Option<i64>,
    /// The latency in milliseconds from which a passed health check counts as slow and the connection as Degraded.
    /// 5,000 unless given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3600000)]
    pub health_check_slow_ms: Option<i64>,
    /// The integration's parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, GivenValue>,
}

fn yes() -> bool {
    true
}

/// A change of a connection. Fields that are left out stay unchanged. Null or an empty text removes an optional field.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConnectionChange {
    /// The version that the caller read. The host refuses the change if the connection has changed since.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub version: Option<Version>,
    /// The connection's name.
    #[serde(default)]
    #[schema(schema_with = shapes::optional_name)]
    pub name: Option<String>,
    /// A site's name, or `Shared to internal sites`.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub site: Option<String>,
    /// For a shared connection: the internal site of the incidents that rules make from its findings.
    #[serde(default, deserialize_with = "given")]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub recipient_site: Option<Option<String>>,
    /// The proxy agent that the connection uses; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = shapes::agent)]
    pub agent_name: Option<Option<String>>,
    /// The purpose of the connection.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    pub description: Option<String>,
    /// The tenants with which the connection is shared.
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = shapes::tenant)]
    pub tenant: Option<Option<String>>,
    /// Whether commands run on the connection.
    #[serde(default)]
    pub active: Option<bool>,
    /// The names of the users who may use the connection; empty for all users with the right.
    #[serde(default)]
    pub users: Option<Vec<String>>,
    /// The interval between health checks in minutes; null for no health checks.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 43200)]
    pub health_check_minutes: Option<Option<i64>>,
    /// The mail addresses for alerts about failed health checks, with commas between them.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 1000, pattern = r"^[^\u0000]*$")]
    pub health_check_email: Option<Option<String>>,
    /// The names of webhooks in the host's settings that also get these alerts. The list replaces the former list.
    #[serde(default)]
    pub health_check_webhooks: Option<Vec<String>>,
    /// The number of failed health checks in a row after which an alert is sent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    pub health_check_alert_after: Option<i64>,
    /// The number of passed health checks in a row after which a failed connection counts as recovered.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10)]
    pub health_check_recover_after: Option<i64>,
    /// The latency in milliseconds from which a passed health check counts as slow.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3600000)]
    pub health_check_slow_ms: Option<i64>,
    /// The parameters to change. Other parameters stay unchanged.
    #[serde(default)]
    pub parameters: BTreeMap<String, GivenValue>,
}

/// Distinguishes null from a missing field.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The trimmed text; `None` where it is empty.
pub(super) fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

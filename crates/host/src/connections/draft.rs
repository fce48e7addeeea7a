//! What a caller gives to make or change a connection.

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

/// A parameter's value as it is given. `Debug` shows no value.
#[derive(Clone)]
pub enum GivenValue {
    /// The value itself; blank counts as [`GivenValue::Blank`].
    Value(SecretString),
    /// Where the secret lives; in JSON `{"reference": "env:NAME"}`.
    Reference(Reference),
    /// An empty text, as forms send it: no value for a plain parameter, and the old value for a secret.
    Blank,
    /// Null: no value.
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
        // What came is not repeated: it may be a secret.
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
            .description(Some("Where the secret lives."));
        let mut any = AnyOfBuilder::new();
        for kind in [Type::String, Type::Number, Type::Boolean, Type::Null] {
            let object = ObjectBuilder::new().schema_type(kind.clone());
            any = any.item(if matches!(kind, Type::String) { object.pattern(Some(r"^[^\u0000]*$")) } else { object });
        }
        let elsewhere = ObjectBuilder::new().property("reference", reference).required("reference");
        any.item(elsewhere.additional_properties(Some(AdditionalProperties::FreeForm(false))))
            .description(Some(
                "A value; {\"reference\": \"env:NAME\"} for a secret that lives elsewhere; null for none; and an empty \
                 text for none too, or for the secret as it is.",
            ))
            .into()
    }
}

impl ToSchema for GivenValue {}

/// A connection to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConnectionDraft {
    /// The integration's stable name or its product's, such as `coda-footprint` or `CODA Footprint`.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub integration: String,
    /// Its name.
    #[schema(schema_with = shapes::name)]
    pub name: String,
    /// A site's name, or `Shared to internal sites`.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub site: String,
    /// For one that is shared: the internal site of the incidents that will be made from its findings and alerts. No
    /// rule makes any yet.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub recipient_site: Option<String>,
    /// The proxy agent of the host that it goes through; GET /agents lists them.
    #[serde(default)]
    #[schema(schema_with = shapes::agent)]
    pub agent_name: Option<String>,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    pub description: String,
    /// The tenants that it is shared with: names with commas in between, each possibly with a site
    /// (`TestTenant/TenantSite`), or `All tenants`.
    #[serde(default)]
    #[schema(schema_with = shapes::tenant)]
    pub tenant: Option<String>,
    /// Whether commands run on it; they do unless told otherwise.
    #[serde(default = "yes")]
    pub active: bool,
    /// The names of the users who may use it; empty for everybody with the right.
    #[serde(default)]
    pub users: Vec<String>,
    /// Minutes from one test to the next; none for no tests.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 43200)]
    pub health_check_minutes: Option<i64>,
    /// Where mail about failed tests goes: addresses, with commas between them.
    #[serde(default)]
    #[schema(max_length = 1000, pattern = r"^[^\u0000]*$")]
    pub health_check_email: Option<String>,
    /// Webhooks of the host's settings that hear of failed tests too, by name.
    #[serde(default)]
    pub health_check_webhooks: Vec<String>,
    /// After how many failed tests in a row somebody is told; 3 unless given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    pub health_check_alert_after: Option<i64>,
    /// After how many passed tests in a row a connection that failed has recovered; 2 unless given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10)]
    pub health_check_recover_after: Option<i64>,
    /// From how many milliseconds on a test that passes is a slow one, and its connection Degraded; 5,000 unless given.
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

/// What is to be changed of a connection; what is not given stays. Null or an empty text takes away what may be missing.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConnectionChange {
    /// The version that the caller saw; the change is refused if the connection has been changed since.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub version: Option<Version>,
    /// Its name.
    #[serde(default)]
    #[schema(schema_with = shapes::optional_name)]
    pub name: Option<String>,
    /// A site's name, or `Shared to internal sites`.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub site: Option<String>,
    /// For one that is shared: the internal site of the incidents that will be made from its findings and alerts.
    #[serde(default, deserialize_with = "given")]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub recipient_site: Option<Option<String>>,
    /// The proxy agent of the host that it goes through; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = shapes::agent)]
    pub agent_name: Option<Option<String>>,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    pub description: Option<String>,
    /// The tenant.
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = shapes::tenant)]
    pub tenant: Option<Option<String>>,
    /// Whether commands run on it.
    #[serde(default)]
    pub active: Option<bool>,
    /// The users who may use it; empty for everybody with the right.
    #[serde(default)]
    pub users: Option<Vec<String>>,
    /// Minutes from one test to the next; null for no tests.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 43200)]
    pub health_check_minutes: Option<Option<i64>>,
    /// Where mail about failed tests goes: addresses, with commas between them.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 1000, pattern = r"^[^\u0000]*$")]
    pub health_check_email: Option<Option<String>>,
    /// Webhooks of the host's settings that hear of failed tests too, in place of those so far.
    #[serde(default)]
    pub health_check_webhooks: Option<Vec<String>>,
    /// After how many failed tests in a row somebody is told.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    pub health_check_alert_after: Option<i64>,
    /// After how many passed tests in a row a connection that failed has recovered.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10)]
    pub health_check_recover_after: Option<i64>,
    /// From how many milliseconds on a test that passes is a slow one.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3600000)]
    pub health_check_slow_ms: Option<i64>,
    /// The parameters to be changed; the others stay.
    #[serde(default)]
    pub parameters: BTreeMap<String, GivenValue>,
}

/// Tells null from what is not there.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

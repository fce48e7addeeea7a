//! A rule as data. Its JSON Schema is in `docs/schema/finding-rule.schema.json`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema, schema_for};
use serde::{Deserialize, Serialize};
use soar_store::model::{FindingChangeKind, Severity};
use utoipa::ToSchema;

/// The most incidents of a rule per collection, unless the rule says so.
const MOST_PER_COLLECTION: u32 = 100;

/// A rule: what is done about findings that were opened, reopened or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rule {
    /// The name, unique in the instance. Case makes no difference.
    #[schema(schema_with = soar_store::model::shapes::name)]
    pub name: String,
    /// Whether the rule is active. Yes unless given. A rule that becomes active handles the changes from then on.
    #[serde(default = "yes")]
    pub active: bool,
    /// The changes that the rule is about. Opened and reopened unless given.
    #[serde(default = "opened_and_reopened")]
    #[schema(min_items = 1)]
    #[schemars(length(min = 1))]
    pub on: Vec<RuleEvent>,
    /// Whether the rule is also about the baseline: the changes up to the end of the first whole snapshot of a tenant. No
    /// unless given.
    #[serde(default)]
    pub baseline: bool,
    /// The conditions that a finding must meet. All findings meet a rule without conditions.
    #[serde(default)]
    pub when: RuleConditions,
    /// What is done about a finding that meets the conditions.
    pub then: RuleAction,
    /// The most incidents that the rule makes about a collection, or the most findings that it sends alerts about. One alert
    /// has the number of further findings. 100 unless given.
    #[serde(default = "most")]
    #[schema(minimum = 1, maximum = 1000)]
    #[schemars(range(min = 1, max = 1000))]
    pub most_per_collection: u32,
}

/// A change that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RuleEvent {
    /// The finding was not known.
    Opened,
    /// The finding is open again after it was fixed or gone.
    Reopened,
    /// A field of the finding that counts has another value, such as its CVSS score, and it is open.
    Changed,
}

impl RuleEvent {
    /// The event of a change. `None` for other kinds.
    pub(super) fn of(kind: FindingChangeKind) -> Option<Self> {
        match kind {
            FindingChangeKind::Opened => Some(Self::Opened),
            FindingChangeKind::Reopened => Some(Self::Reopened),
            FindingChangeKind::Changed => Some(Self::Changed),
            FindingChangeKind::Fixed | FindingChangeKind::Gone => None,
        }
    }
}

/// The conditions of a rule. A finding must meet all that are given. A finding whose value is not known does not meet a
/// condition on it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RuleConditions {
    /// The lowest CVSS base score.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10)]
    #[schemars(range(min = 0, max = 10))]
    pub cvss_at_least: Option<f64>,
    /// Whether an exploit is public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploit: Option<bool>,
    /// Whether CISA's catalog of known exploited vulnerabilities has a CVE of the finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kev: Option<bool>,
    /// The lowest EPSS score.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    #[schemars(range(min = 0, max = 1))]
    pub epss_at_least: Option<f64>,
    /// One of these severities: by the CVSS score, or the product's word for a finding without a score.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "severities")]
    pub severities: Vec<Severity>,
    /// One of these words or numbers of the product for the risk. Case makes no difference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub risk_levels: Vec<String>,
    /// One of these tags of the device. Case makes no difference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// One of these patterns of the device's name or address: * is any text, ? is any character. Case makes no
    /// difference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<String>,
    /// One of these tenants, by id or name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<String>,
    /// One of these connections, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<String>,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RuleAction {
    /// It makes an incident, or appends the finding to the open incident about the same subject.
    Incident(IncidentAction),
    /// It sends an alert.
    Alert(AlertAction),
}

impl RuleAction {
    /// The member with the destinations of the rule's alerts, and the destinations.
    #[must_use]
    pub fn destinations(&self) -> (&'static str, &[String]) {
        match self {
            Self::Incident(incident) => ("then.incident.alertTo", &incident.alert_to),
            Self::Alert(alert) => ("then.alert.to", &alert.to),
        }
    }
}

/// How a rule makes incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IncidentAction {
    /// What an incident is about. A finding unless given.
    #[serde(default)]
    pub one_per: OnePer,
    /// The title. It may have {cve}, {device}, {address}, {tenant}, {connection}, {title}, {severity}, {cvss}, {change} and
    /// {rule} in it. The host cuts it after 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub title: Option<String>,
    /// The type of the incident. Vulnerability unless given.
    #[serde(default = "vulnerability", rename = "type")]
    #[schema(max_length = 200, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub incident_type: String,
    /// The severity. That of the first finding unless given, and Low if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "severity")]
    pub severity: Option<Severity>,
    /// The name of the owner. System unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The name of the site. Unless given, the connection's site, or the recipient site for events of a shared connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Whether an incident is closed once all its findings are fixed. Yes unless given. An incident with pending tasks or
    /// fields without a value stays open.
    #[serde(default = "yes")]
    pub close_when_fixed: bool,
    /// The destinations of the alert about findings beyond the limit: mail addresses, and webhook:NAME for webhooks of the
    /// host's settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    #[schemars(length(max = 20))]
    pub alert_to: Vec<String>,
}

/// How a rule sends alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AlertAction {
    /// The destinations: mail addresses, and webhook:NAME for webhooks of the host's settings.
    #[schema(min_items = 1, max_items = 20)]
    #[schemars(length(min = 1, max = 20))]
    pub to: Vec<String>,
}

/// What an incident of a rule is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnePer {
    /// One finding on one device.
    #[default]
    Finding,
    /// All findings of one device.
    Device,
    /// All findings with one CVE whose incidents are on the same site.
    Cve,
}

fn yes() -> bool {
    true
}

fn opened_and_reopened() -> Vec<RuleEvent> {
    vec![RuleEvent::Opened, RuleEvent::Reopened]
}

fn most() -> u32 {
    MOST_PER_COLLECTION
}

fn vulnerability() -> String {
    "Vulnerability".to_owned()
}

fn severity(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<_> = Severity::ALL.iter().map(|severity| Some(severity.as_str())).chain([None]).collect();
    json_schema!({ "enum": words })
}

fn severities(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<_> = Severity::ALL.iter().map(|severity| severity.as_str()).collect();
    json_schema!({ "type": "array", "items": { "enum": words } })
}

/// The JSON Schema of [`Rule`], with a line break at its end.
#[must_use]
pub fn rule_schema() -> String {
    format!("{:#}\n", schema_for!(Rule).to_value())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_file_has_the_schema_of_the_type() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/finding-rule.schema.json");
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(&path, rule_schema()).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == rule_schema(), "{} is out of date: run UPDATE_GENERATED=1 cargo test", path.display());
    }

    #[test]
    fn a_rule_is_read_with_its_defaults_and_an_unknown_member_is_refused() {
        let rule: Rule = serde_json::from_str(r#"{"name": "A", "then": {"incident": {}}}"#).unwrap();
        assert!(rule.active && !rule.baseline && rule.most_per_collection == 100 && rule.on.len() == 2);
        let RuleAction::Incident(incident) = &rule.then else { panic!("{rule:?}") };
        assert!(incident.close_when_fixed && incident.one_per == OnePer::Finding);
        assert_eq!(serde_json::from_value::<Rule>(serde_json::to_value(&rule).unwrap()).unwrap(), rule);
        for (wrong, problem) in [
            (r#"{"name": "A", "then": {"incident": {}}, "colour": 1}"#, "unknown field `colour`"),
            (r#"{"name": "A", "when": {"cvss": 1}, "then": {"incident": {}}}"#, "unknown field `cvss`"),
            (r#"{"name": "A", "then": {"script": {}}}"#, "unknown variant `script`, expected `incident` or `alert`"),
            (r#"{"name": "A"}"#, "missing field `then`"),
            (
                r#"{"name": "A", "on": ["gone"], "then": {"incident": {}}}"#,
                "expected one of `opened`, `reopened`, `changed`",
            ),
        ] {
            let error = serde_json::from_str::<Rule>(wrong).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}

//! Elastic Common Schema 8.17, <https://www.elastic.co/docs/reference/ecs>: the field sets event, vulnerability, host,
//! package, organization, observer and labels.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use soar_connector::FindingStatus;

use super::ChangeShown;
use super::ocsf::{cvss_version, title, without_nulls};
use super::severity::OcsfSeverity;

const VERSION: &str = "8.17.0";

/// The document of a change.
pub(super) fn event(shown: &ChangeShown) -> Value {
    let (change, finding) = (&shown.change, &shown.finding);
    let at = Timestamp::from_millisecond(change.at.0).ok().map(|at| at.to_string());
    let severity = OcsfSeverity::of(finding);
    let (address, other_address) = match finding.device_address.as_deref() {
        Some(address) if address.parse::<IpAddr>().is_ok() => (Some([address]), None),
        other => (None, other),
    };
    without_nulls(json!({
        "@timestamp": at,
        "ecs": { "version": VERSION },
        "message": format!("{}: {}", change.kind, title(finding)),
        "event": {
            "kind": "state",
            "category": ["vulnerability"],
            // The type that ECS expects in the category vulnerability.
            "type": ["info"],
            "action": format!("finding-{}", change.kind),
            "id": change.sequence.to_string(),
            "sequence": change.sequence.0,
            "dataset": "findings.changes",
            "reason": change.reason,
            "created": at,
        },
        "vulnerability": {
            "id": match finding.cve.as_slice() { [] => Value::Null, [one] => json!(one), all => json!(all) },
            "enumeration": (!finding.cve.is_empty()).then_some("CVE"),
            "classification": finding.cvss.map(|_| "CVSS"),
            "description": finding.description,
            "severity": severity.word(),
            "score": {
                "base": finding.cvss,
                "version": cvss_version(finding),
            },
            "reference": match finding.references.as_slice() { [] => Value::Null, all => json!(all) },
            "scanner": { "vendor": shown.vendor },
        },
        "host": {
            "id": finding.device_id,
            "name": finding.device_name,
            "ip": address,
        },
        "package": finding.software.as_ref().map(|software| json!({ "name": software })),
        "organization": {
            "id": (!change.tenant.is_empty()).then_some(&change.tenant),
            "name": (!change.tenant_name.is_empty()).then_some(&change.tenant_name),
        },
        "observer": { "vendor": shown.vendor, "product": shown.product, "name": shown.connection },
        "tags": (!finding.device_tags.is_empty()).then_some(&finding.device_tags),
        // ECS has no fields for these. Names with a capital letter never collide with fields of ECS.
        "Finding": {
            "id": change.finding_id,
            "vendor_id": finding.id,
            "baseline": change.baseline,
            "before": change.before,
            "fields": fields(change.fields.get()),
            "status": status(finding.status),
            "state": finding.state,
            "title": finding.title,
            "cwe": (!finding.cwe.is_empty()).then_some(&finding.cwe),
            "address": other_address,
            "exploit": finding.exploit,
            "risk_level": finding.risk_level,
            "port": finding.port,
            "protocol": finding.protocol,
            "first_found": time(finding.first_found.as_deref()),
            "state_changed": time(finding.state_changed.as_deref()),
            "fixed_reason": finding.fixed_reason,
            "remediation": finding.remediation,
            "published": time(finding.published.as_deref()),
            "cvss_vector": finding.cvss_vector,
            "kev": shown.kev,
            "epss": shown.epss,
        },
    }))
}

/// The changed fields with both values as text. Elasticsearch refuses a document whose field has another type than in
/// earlier ones.
fn fields(fields: &str) -> Vec<Value> {
    let mut fields: Vec<Value> = serde_json::from_str(fields).unwrap_or_default();
    for value in fields.iter_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        if value.is_number() || value.is_boolean() {
            *value = Value::String(value.to_string());
        }
    }
    fields
}

/// A time or a date; none where the product's text is neither, for the same reason.
fn time(text: Option<&str>) -> Option<&str> {
    text.filter(|text| text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok())
}

fn status(status: FindingStatus) -> &'static str {
    soar_store::model::status_text(status)
}

//! Elastic Common Schema 8.17, <https://www.elastic.co/docs/reference/ecs>: the field sets event, vulnerability, host,
//! package, organization, observer and labels.

use jiff::Timestamp;
use serde_json::{Value, json};
use soar_connector::FindingStatus;
use soar_store::model::FindingChangeKind;

use super::ChangeShown;
use super::ocsf::{title, without_nulls};
use super::severity::Severity;

const VERSION: &str = "8.17.0";

/// The document of a change.
pub(super) fn event(shown: &ChangeShown) -> Value {
    let (change, finding) = (&shown.change, &shown.finding);
    let kind = match change.kind {
        FindingChangeKind::Opened => "creation",
        FindingChangeKind::Changed | FindingChangeKind::Reopened => "change",
        FindingChangeKind::Fixed => "deletion",
        FindingChangeKind::Gone => "info",
    };
    let at = Timestamp::from_millisecond(change.at.0).ok().map(|at| at.to_string());
    let severity = Severity::of(finding);
    let score_version = finding.cvss_vector.as_deref().and_then(|vector| vector.strip_prefix("CVSS:"));
    without_nulls(json!({
        "@timestamp": at,
        "ecs": { "version": VERSION },
        "message": format!("{}: {}", change.kind, title(finding)),
        "event": {
            "kind": "state",
            "category": ["vulnerability"],
            "type": [kind],
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
                "version": score_version.and_then(|rest| rest.split('/').next()),
            },
            "reference": match finding.references.as_slice() { [] => Value::Null, all => json!(all) },
            "scanner": { "vendor": shown.vendor },
        },
        "host": {
            "id": finding.device_id,
            "name": finding.device_name,
            "ip": finding.device_address.as_ref().map(|address| [address]),
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
            "fields": change.fields,
            "status": status(finding.status),
            "state": finding.state,
            "title": finding.title,
            "exploit": finding.exploit,
            "risk_level": finding.risk_level,
            "port": finding.port,
            "protocol": finding.protocol,
            "first_found": finding.first_found,
            "state_changed": finding.state_changed,
            "fixed_reason": finding.fixed_reason,
            "remediation": finding.remediation,
            "published": finding.published,
            "cvss_vector": finding.cvss_vector,
            "kev": shown.kev,
            "epss": shown.epss,
        },
    }))
}

fn status(status: FindingStatus) -> &'static str {
    soar_store::model::status_text(status)
}

//! OCSF Vulnerability Finding (class 2002), <https://schema.ocsf.io/1.5.0/classes/vulnerability_finding>.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use soar_connector::{Finding, FindingStatus};
use soar_store::model::FindingChangeKind;

use super::ChangeShown;
use super::severity::OcsfSeverity;

/// The version of the schema: the newest one that `py-ocsf-models`, which checks the events, has.
const VERSION: &str = "1.5.0";
const CATEGORY: i64 = 2;
const CLASS: i64 = 2002;

/// The event of a change.
pub(super) fn event(shown: &ChangeShown) -> Value {
    let (change, finding) = (&shown.change, &shown.finding);
    let (activity, activity_name) = match change.kind {
        FindingChangeKind::Opened => (1, "Create"),
        FindingChangeKind::Changed | FindingChangeKind::Reopened => (2, "Update"),
        FindingChangeKind::Fixed | FindingChangeKind::Gone => (3, "Close"),
    };
    let (status_id, status) = match (change.kind, finding.status) {
        // The product no longer lists it, which does not prove that it is resolved.
        (FindingChangeKind::Gone, _) => (5, "Archived"),
        (_, FindingStatus::Fixed) => (4, "Resolved"),
        (_, FindingStatus::Suppressed) => (3, "Suppressed"),
        (_, FindingStatus::Open | FindingStatus::Reopened) => (1, "New"),
    };
    let severity = OcsfSeverity::of(finding);
    without_nulls(json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Vulnerability Finding",
        "type_uid": CLASS * 100 + activity,
        "type_name": format!("Vulnerability Finding: {activity_name}"),
        "time": change.at.0,
        "severity_id": severity.ocsf(),
        "severity": severity.word(),
        "status_id": status_id,
        "status": status,
        "status_detail": change.reason,
        "message": format!("{}: {}", change.kind, title(finding)),
        "metadata": {
            "version": VERSION,
            "uid": change.sequence.to_string(),
            "sequence": change.sequence.0,
            "tenant_uid": some(&change.tenant),
            "labels": change.baseline.then_some(["baseline"]),
            "product": { "name": shown.product, "vendor_name": shown.vendor },
        },
        "finding_info": {
            "uid": change.finding_id,
            "title": title(finding),
            "desc": finding.description,
            "first_seen_time": milliseconds(finding.first_found.as_deref()),
            "modified_time": change.at.0,
        },
        "resources": [{
            "uid": finding.device_id,
            "name": finding.device_name,
            "type": "device",
            "labels": (!finding.device_tags.is_empty()).then_some(&finding.device_tags),
            "data": finding.device_address.as_ref().map(|address| json!({ "ip": address })),
        }],
        "vulnerabilities": vulnerabilities(shown),
        "unmapped": unmapped(shown),
    }))
}

/// One entry per CVE. A finding that names none has one entry per CWE, or else one with an advisory.
fn vulnerabilities(shown: &ChangeShown) -> Vec<Value> {
    let finding = &shown.finding;
    let cvss = finding.cvss.zip(cvss_version(finding)).map(
        |(score, version)| json!([{ "base_score": score, "vector_string": finding.cvss_vector, "version": version }]),
    );
    let epss = shown.epss.as_ref().map(|epss| {
        let calculated = milliseconds(Some(&epss.date));
        json!({ "score": epss.score.to_string(), "percentile": epss.percentile, "created_time": calculated })
    });
    // The class requires exactly one of `cve`, `cwe` and `advisory`.
    let entry = |name: &str, about: Value| {
        json!({
            name: about,
            "title": title(finding),
            "desc": finding.description,
            "severity": finding.severity,
            "is_exploit_available": finding.exploit,
            "first_seen_time": milliseconds(finding.first_found.as_deref()),
            "references": (!finding.references.is_empty()).then_some(&finding.references),
            "remediation": finding.remediation.as_ref().map(|text| json!({ "desc": text })),
            "vendor_name": shown.vendor,
        })
    };
    let uid = |uid: &String| json!({ "uid": uid });
    match (finding.cve.as_slice(), finding.cwe.as_slice()) {
        ([], []) => vec![entry("advisory", uid(finding.title.as_ref().unwrap_or(&shown.change.finding_id)))],
        ([], cwes) => cwes.iter().map(|cwe| entry("cwe", uid(cwe))).collect(),
        (cves, cwes) => {
            let related = (!cwes.is_empty()).then(|| cwes.iter().map(uid).collect::<Vec<_>>());
            let about = |cve: &String| json!({ "uid": cve, "cvss": cvss, "epss": epss, "related_cwes": related });
            cves.iter().map(|cve| entry("cve", about(cve))).collect()
        }
    }
}

/// The fields for which the class has no attribute.
fn unmapped(shown: &ChangeShown) -> Value {
    let (change, finding) = (&shown.change, &shown.finding);
    let has_cvss = !finding.cve.is_empty() && finding.cvss.is_some() && cvss_version(finding).is_some();
    json!({
        "kind": change.kind,
        "before": change.before,
        "fields": change.fields,
        "connection": shown.connection,
        "tenant_name": some(&change.tenant_name),
        "state": finding.state,
        "cvss": finding.cvss.filter(|_| !has_cvss),
        "cvss_vector": finding.cvss_vector.as_ref().filter(|_| !has_cvss),
        "risk_level": finding.risk_level,
        "software": finding.software,
        "port": finding.port,
        "protocol": finding.protocol,
        "state_changed": finding.state_changed,
        "fixed_reason": finding.fixed_reason,
        "vendor_finding_id": finding.id,
        "kev": shown.kev,
    })
}

pub(super) fn title(finding: &Finding) -> String {
    let title = finding.title.clone().or_else(|| finding.cve.first().cloned());
    title.unwrap_or_else(|| "Finding without a title".to_owned())
}

/// The version of CVSS, by the vector. Only vectors of version 2 have no prefix, and only they have the metric Au.
pub(super) fn cvss_version(finding: &Finding) -> Option<&str> {
    let vector = finding.cvss_vector.as_deref()?;
    match vector.strip_prefix("CVSS:") {
        Some(rest) => rest.split('/').next().filter(|version| !version.is_empty()),
        None => vector.contains("/Au:").then_some("2.0"),
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A time of the product in milliseconds since 1970; none where it names no moment.
fn milliseconds(text: Option<&str>) -> Option<i64> {
    text?.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// The value without members that are null, or objects that are empty.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().map(|(name, value)| (name, without_nulls(value)));
            let is_empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

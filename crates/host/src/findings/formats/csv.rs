//! Comma-separated values (RFC 4180), guarded so that a spreadsheet takes no cell for a formula.

use super::ChangeShown;
use super::severity::OcsfSeverity;
use crate::transfer::guarded;

const HEADINGS: &[&str] = &[
    "Sequence",
    "At",
    "Change",
    "Baseline",
    "Finding ID",
    "Connection",
    "Tenant",
    "Tenant Name",
    "Device ID",
    "Device",
    "Address",
    "Tags",
    "CVE",
    "Title",
    "Severity",
    "CVSS",
    "Exploit",
    "KEV",
    "EPSS",
    "Status",
    "State",
    "Before",
    "Changed Fields",
    "Reason",
    "Software",
    "Port",
    "Protocol",
    "First Found",
    "Fixed Reason",
    "Remediation",
    "CWE",
];

/// One record per change.
pub(super) fn render(changes: &[ChangeShown], with_head: bool) -> Result<Vec<u8>, serde_json::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let failed = |error: csv::Error| serde::ser::Error::custom(error.to_string());
    if with_head {
        writer.write_record(HEADINGS).map_err(failed)?;
    }
    for change in changes {
        writer.write_record(cells(change).iter().map(|cell| guarded(cell))).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| serde::ser::Error::custom(error.to_string()))
}

fn cells(shown: &ChangeShown) -> Vec<String> {
    let (change, finding) = (&shown.change, &shown.finding);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let at = jiff::Timestamp::from_millisecond(change.at.0).map(|at| at.to_string()).unwrap_or_default();
    let fields: Vec<serde_json::Value> = serde_json::from_str(change.fields.get()).unwrap_or_default();
    let fields: Vec<_> = fields.iter().filter_map(|field| field["field"].as_str()).collect();
    // A score that is not known is an empty cell, not 0.
    let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let flag = |flag: Option<bool>| flag.map(|flag| if flag { "yes" } else { "no" }).unwrap_or_default().to_owned();
    vec![
        change.sequence.to_string(),
        at,
        change.kind.to_string(),
        flag(Some(change.baseline)),
        change.finding_id.clone(),
        shown.connection.clone(),
        change.tenant.clone(),
        change.tenant_name.clone(),
        finding.device_id.clone(),
        text(&finding.device_name),
        text(&finding.device_address),
        finding.device_tags.join(" "),
        finding.cve.join(" "),
        text(&finding.title),
        OcsfSeverity::of(finding).word().to_owned(),
        number(finding.cvss),
        flag(finding.exploit),
        flag(shown.kev.as_ref().map(|kev| kev.listed)),
        number(shown.epss.as_ref().map(|epss| epss.score)),
        soar_store::model::status_text(finding.status).to_owned(),
        text(&finding.state),
        text(&change.before),
        fields.join(" "),
        text(&change.reason),
        text(&finding.software),
        text(&finding.port),
        text(&finding.protocol),
        text(&finding.first_found),
        text(&finding.fixed_reason),
        text(&finding.remediation),
        finding.cwe.join(" "),
    ]
}

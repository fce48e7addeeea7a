//! A finding as an incident or a message has it: short texts without characters that steer.

use soar_connector::Finding;
use soar_store::LoggedChange;
use soar_store::model::{FindingChangeKind, FindingItem, HeldStatus, IncidentFinding};

use super::title::cut;
use crate::findings::{EpssValue, KevValue};

/// The most characters of a name, and of the text of the evidence.
const LONGEST_NAME: usize = 200;
const LONGEST: usize = 500;

/// The CVEs with commas between them; the title of a finding without one.
pub(super) fn name_of(finding: &Finding) -> String {
    match (finding.cve.as_slice(), finding.title.as_deref().map(str::trim)) {
        ([], Some(title)) if !title.is_empty() => cut(title, LONGEST_NAME),
        ([], _) => "a finding without a CVE".to_owned(),
        (cves, _) => cut(&cves.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", "), LONGEST_NAME),
    }
}

/// The device's name; its address or id for a device without a name.
pub(super) fn device_of(finding: &Finding) -> String {
    let names = [finding.device_name.as_deref(), finding.device_address.as_deref(), Some(finding.device_id.as_str())];
    let named = names.into_iter().flatten().find(|name| !name.trim().is_empty());
    cut(named.unwrap_or_default(), LONGEST_NAME)
}

/// The finding of a change, as an incident has it.
pub(super) fn entry(
    logged: &LoggedChange,
    finding: &Finding,
    connection: &str,
    (kev, epss): (Option<&KevValue>, Option<&EpssValue>),
) -> IncidentFinding {
    let change = &logged.change;
    let text = |text: &Option<String>| cut(text.as_deref().unwrap_or_default(), LONGEST_NAME);
    let first_seen = text(&finding.first_found);
    IncidentFinding {
        finding_id: change.finding_id.clone(),
        feed_id: logged.feed_id,
        cve: name_of(finding),
        device: device_of(finding),
        address: text(&finding.device_address),
        tenant: cut(&change.tenant_name, LONGEST_NAME),
        connection: cut(connection, LONGEST_NAME),
        first_seen: if first_seen.is_empty() { change.at.to_string() } else { first_seen },
        evidence: evidence(finding, kev, epss),
        status: match change.kind {
            FindingChangeKind::Fixed => HeldStatus::Fixed,
            FindingChangeKind::Gone => HeldStatus::Gone,
            FindingChangeKind::Reopened => HeldStatus::Reopened,
            FindingChangeKind::Opened | FindingChangeKind::Changed => HeldStatus::Open,
        },
        sequence: change.sequence,
    }
}

/// What the product says about a finding. A value that is not known is left out.
fn evidence(finding: &Finding, kev: Option<&KevValue>, epss: Option<&EpssValue>) -> String {
    let mut parts = Vec::new();
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value.map(|value| cut(value, LONGEST_NAME)).filter(|value| !value.is_empty()) {
            parts.push(format!("{name}{value}"));
        }
    };
    add("", finding.software.as_deref());
    let port = finding.port.as_deref().map(|port| match &finding.protocol {
        Some(protocol) => format!("{port}/{protocol}"),
        None => port.to_owned(),
    });
    add("port ", port.as_deref());
    add("CVSS ", finding.cvss.map(|score| score.to_string()).as_deref());
    add("exploit ", finding.exploit.map(|is_public| if is_public { "public" } else { "not public" }));
    add("risk ", finding.risk_level.as_deref());
    add("CISA KEV ", kev.map(|kev| if kev.listed { "listed" } else { "not listed" }));
    add("EPSS ", epss.map(|epss| epss.score.to_string()).as_deref());
    add("state ", finding.state.as_deref());
    add("fixed: ", finding.fixed_reason.as_deref());
    cut(&parts.join("; "), LONGEST)
}

/// The finding of a change, as a message has it.
pub(super) fn item(kind: FindingChangeKind, entry: &IncidentFinding) -> FindingItem {
    FindingItem {
        finding_id: entry.finding_id.clone(),
        sequence: entry.sequence,
        kind: kind.to_string(),
        cve: entry.cve.clone(),
        device: entry.device.clone(),
        tenant: entry.tenant.clone(),
        connection: entry.connection.clone(),
        evidence: entry.evidence.clone(),
    }
}

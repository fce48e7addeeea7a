//! The fields, the raw data and the description of an incident that a rule made.

use std::collections::BTreeSet;

use serde::Serialize;
use soar_store::model::{IncidentFinding, limits};

/// The section of the fields.
pub(super) const SECTION: &str = "Findings";

/// The most findings in the fields and the raw data. `incident show` has more.
pub(super) const MOST_FINDINGS: i64 = 200;

/// The line that a description ends with when it is full.
const FULL: &str = "Further changes are not listed here.";

/// The raw data.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleRawData<'a> {
    rule: &'a str,
    finding_count: i64,
    findings: &'a [IncidentFinding],
}

/// The raw data of an incident: its first findings, and their number.
pub(super) fn raw_data(rule: &str, findings: &[IncidentFinding], all: i64) -> Result<String, serde_json::Error> {
    let mut most = findings.len();
    loop {
        let shown = findings.get(..most).unwrap_or_default();
        let text = serde_json::to_string(&RuleRawData { rule, finding_count: all, findings: shown })?;
        if most == 0 || limits::RAW_DATA.check(&text).is_ok() {
            return Ok(text);
        }
        most /= 2;
    }
}

/// The fields of an incident, by name.
pub(super) fn fields(
    rule: &str,
    findings: &[IncidentFinding],
    (all, unfixed): (i64, i64),
) -> Vec<(&'static str, String)> {
    let of = |value: fn(&IncidentFinding) -> &str| {
        let distinct: BTreeSet<&str> = findings.iter().map(value).filter(|value| !value.is_empty()).collect();
        distinct.into_iter().collect::<Vec<_>>()
    };
    let lines: Vec<_> = findings.iter().map(line).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let first = findings.iter().map(|finding| finding.first_seen.as_str()).min().unwrap_or_default();
    vec![
        ("Rule", rule.to_owned()),
        ("CVE", joined(&of(|finding| &finding.cve), ", ", 0)),
        ("Device", joined(&of(|finding| &finding.device), ", ", 0)),
        ("First Seen", first.to_owned()),
        ("Number", all.to_string()),
        ("Not Fixed", unfixed.to_string()),
        ("List", joined(&lines, "\n", usize::try_from(all).unwrap_or_default().saturating_sub(lines.len()))),
    ]
}

/// A finding on one line.
fn line(finding: &IncidentFinding) -> String {
    let address = if finding.address.is_empty() { String::new() } else { format!(" ({})", finding.address) };
    format!(
        "{} on {}{address}, {}, first seen {}, {}: {}",
        finding.cve, finding.device, finding.tenant, finding.first_seen, finding.status, finding.evidence
    )
}

/// Texts as one value of a field, with the number of those that do not fit, and of `more` others.
fn joined(texts: &[&str], separator: &str, more: usize) -> String {
    // Room for the number of those that do not fit.
    let most = limits::FIELD_VALUE.characters - 100;
    let mut value = String::new();
    let mut length = 0;
    for (place, text) in texts.iter().enumerate() {
        length += text.chars().count() + separator.len();
        if length > most {
            return format!("{value}{separator}… and {} more", texts.len() - place + more);
        }
        if place > 0 {
            value.push_str(separator);
        }
        value.push_str(text);
    }
    if more > 0 { format!("{value}{separator}… and {more} more") } else { value }
}

/// A description with further lines, as far as they fit.
pub(super) fn appended(description: &str, lines: &[String]) -> String {
    let most = limits::DESCRIPTION.characters - FULL.len() - 1;
    let mut text = description.to_owned();
    let mut length = text.chars().count();
    for line in lines {
        length += line.chars().count() + 1;
        if length > most {
            let has = length - line.chars().count();
            if !text.ends_with(FULL) && has + FULL.len() <= limits::DESCRIPTION.characters {
                text.push('\n');
                text.push_str(FULL);
            }
            return text;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use soar_store::model::{FeedId, FindingSequence, HeldStatus};

    use super::*;

    fn finding(number: i64) -> IncidentFinding {
        IncidentFinding {
            finding_id: format!("1.7.{number}"),
            feed_id: FeedId(1),
            cve: format!("CVE-2024-{number:05}"),
            device: "é".repeat(200),
            address: "10.0.0.1".to_owned(),
            tenant: "Example".to_owned(),
            connection: "production".to_owned(),
            first_seen: "2026-11-01T00:00:00Z".to_owned(),
            evidence: "e".repeat(500),
            status: HeldStatus::Open,
            sequence: FindingSequence(number),
        }
    }

    #[test]
    fn fields_and_raw_data_stay_within_their_limits_and_say_what_is_left_out() {
        let findings: Vec<_> = (0..200).map(finding).collect();
        let fields = fields("Critical", &findings, (5_000, 4_000));
        for (name, value) in &fields {
            assert!(limits::FIELD_VALUE.check(value).is_ok(), "{name}");
        }
        let list = &fields.iter().find(|(name, _)| *name == "List").unwrap().1;
        let shown = list.lines().count() - 1;
        assert!(list.ends_with(&format!("… and {} more", 5_000 - shown)), "{list}");
        let raw = raw_data("Critical", &findings, 5_000).unwrap();
        assert!(limits::RAW_DATA.check(&raw).is_ok());
        let raw: serde_json::Value = serde_json::from_str(&raw).unwrap();
        assert_eq!(raw["findingCount"], 5_000);
        assert_eq!(raw["findings"][0]["cve"], "CVE-2024-00000");
    }

    #[test]
    fn a_description_that_is_full_says_so_once() {
        let lines: Vec<_> = (0..100).map(|number| format!("{number} {}", "x".repeat(990))).collect();
        let full = appended("Begin.", &lines);
        assert!(limits::DESCRIPTION.check(&full).is_ok() && full.ends_with(FULL));
        let again = appended(&full, &lines);
        assert_eq!(again.matches(FULL).count(), 1);
        assert!(limits::DESCRIPTION.check(&again).is_ok());
        // A user filled the description.
        let users = "u".repeat(limits::DESCRIPTION.characters);
        assert_eq!(appended(&users, &lines), users);
    }
}

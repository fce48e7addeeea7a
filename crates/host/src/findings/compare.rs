//! Compares a finding with what was known of it: which fields count, and which kind of change it is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::json;
use soar_connector::{Finding, FindingStatus};
use soar_store::model::{FindingChangeKind, GoneReason, status_text};
use soar_store::{AppliedChange, Difference, KnownRow, NewFieldChange, SnapshotRow, StagedFinding};

/// The `before` of a finding that was gone.
const GONE: &str = "gone";

/// The value of a field that counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
enum ComparedValue<'f> {
    Status(FindingStatus),
    Text(Option<&'f str>),
    Number(Option<f64>),
    Boolean(Option<bool>),
}

/// A finding with the fields whose change is a change of the finding.
///
/// Dates, the product's ids, texts and CWEs of the CVE, the risk and the device's name, address and tags are kept, but their
/// change is no change of the finding: a new scan, a new risk of a device or a new wording would otherwise change all findings.
#[derive(Debug)]
pub struct ComparedFinding<'f>(&'f Finding);

impl<'f> ComparedFinding<'f> {
    /// The fields that count, with their values.
    fn counted(&self) -> [(&'static str, ComparedValue<'f>); 10] {
        let finding = self.0;
        let text = |text: &'f Option<String>| ComparedValue::Text(text.as_deref());
        [
            ("status", ComparedValue::Status(finding.status)),
            ("state", text(&finding.state)),
            ("severity", text(&finding.severity)),
            ("cvss", ComparedValue::Number(finding.cvss)),
            ("cvssVector", text(&finding.cvss_vector)),
            ("exploit", ComparedValue::Boolean(finding.exploit)),
            ("title", text(&finding.title)),
            ("software", text(&finding.software)),
            ("fixedReason", text(&finding.fixed_reason)),
            ("remediation", text(&finding.remediation)),
        ]
    }

    /// The names of the fields that count.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        ComparedFinding(&Finding::default()).counted().into_iter().map(|(name, _)| name).collect()
    }
}

/// The row of the stage for a finding and the values that identify it on its device.
///
/// # Errors
/// When the finding is no JSON.
pub fn staged(mut finding: Finding, key: &[String]) -> Result<StagedFinding, serde_json::Error> {
    // The product may list these in any order.
    for list in [&mut finding.cve, &mut finding.cwe, &mut finding.device_tags, &mut finding.references] {
        list.sort_unstable();
        list.dedup();
    }
    let mut content = serde_json::to_string(&finding)?;
    if content.contains(NUL) {
        content = content.replace(NUL, "\\ufffd");
    }
    let key = blake3::hash(&serde_json::to_vec(key)?);
    Ok(StagedFinding {
        finding: URL_SAFE_NO_PAD.encode(&key.as_bytes()[..15]),
        counted: hash(&ComparedFinding(&finding).counted())?,
        kept: hash(&content)?,
        status: finding.status,
        cve: without_nul(finding.cve.into_iter().next().unwrap_or_default()),
        device: without_nul(finding.device_id),
        device_name: without_nul(finding.device_name.unwrap_or_default()),
        device_address: without_nul(finding.device_address.unwrap_or_default()),
        content,
    })
}

/// A NUL in JSON.
const NUL: &str = "\\u0000";

/// Puts a replacement character in place of each NUL, which PostgreSQL stores in no text.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// The first eight bytes of a hash. Two rows of one finding with the same number are the same with a probability of all
/// but 1 in 2^64.
fn hash(value: &impl Serialize) -> Result<i64, serde_json::Error> {
    let hash = blake3::hash(&serde_json::to_vec(value)?);
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    Ok(i64::from_le_bytes(first))
}

/// What to write for a difference between the snapshot and what was known. `reason` is that of a finding that is gone.
///
/// # Errors
/// When the store holds a finding that this version cannot read.
pub fn change_of(difference: Difference, reason: GoneReason) -> Result<AppliedChange, serde_json::Error> {
    let Difference { device, finding, before, listed } = difference;
    let text = before.as_ref().map(|before| if before.listed { before.status.clone() } else { GONE.to_owned() });
    let change = AppliedChange {
        device,
        finding,
        kind: None,
        before: text,
        reason: None,
        fields: Vec::new(),
        listed: None,
        content: String::new(),
    };
    match (before, listed) {
        (Some(before), Some(listed)) => {
            let fields = changed_fields(&before.content, &listed.content)?;
            let kind = kind_of_known(&before, &listed, !fields.is_empty());
            // The log need not hold the fields of a finding that is written without a change.
            let content = if kind.is_some() { listed.content.clone() } else { String::new() };
            Ok(AppliedChange { kind, fields, content, listed: Some(listed), ..change })
        }
        (None, Some(listed)) => {
            let (kind, content) = (Some(kind_of_new(&listed)), listed.content.clone());
            Ok(AppliedChange { kind, content, listed: Some(listed), ..change })
        }
        (Some(before), None) => {
            let kind = Some(FindingChangeKind::Gone);
            Ok(AppliedChange { kind, reason: Some(reason), content: before.content, ..change })
        }
        (None, None) => Ok(change),
    }
}

fn kind_of_new(listed: &SnapshotRow) -> FindingChangeKind {
    match listed.status.as_str() {
        FIXED => FindingChangeKind::Fixed,
        REOPENED => FindingChangeKind::Reopened,
        _ => FindingChangeKind::Opened,
    }
}

const FIXED: &str = status_text(FindingStatus::Fixed);
const REOPENED: &str = status_text(FindingStatus::Reopened);
const OPEN: &str = status_text(FindingStatus::Open);

fn kind_of_known(before: &KnownRow, listed: &SnapshotRow, has_changed: bool) -> Option<FindingChangeKind> {
    let is_open = matches!(listed.status.as_str(), OPEN | REOPENED);
    let was_closed = !before.listed || before.status == FIXED;
    if listed.status == FIXED && (before.status != FIXED || !before.listed) {
        Some(FindingChangeKind::Fixed)
    } else if is_open && (was_closed || (listed.status == REOPENED && before.status != REOPENED)) {
        Some(FindingChangeKind::Reopened)
    } else if has_changed || !before.listed {
        Some(FindingChangeKind::Changed)
    } else {
        None
    }
}

fn changed_fields(before: &str, after: &str) -> Result<Vec<NewFieldChange>, serde_json::Error> {
    let (before, after): (Finding, Finding) = (serde_json::from_str(before)?, serde_json::from_str(after)?);
    let pairs = ComparedFinding(&before).counted().into_iter().zip(ComparedFinding(&after).counted());
    let changed = pairs.filter(|((_, from), (_, to))| from != to);
    Ok(changed.map(|((field, from), (_, to))| NewFieldChange { field, from: json!(from), to: json!(to) }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(status: FindingStatus) -> Finding {
        Finding {
            device_id: "7".to_owned(),
            status,
            cve: vec!["CVE-2024-2".to_owned(), "CVE-2024-1".to_owned()],
            cvss: Some(9.8),
            ..Finding::default()
        }
    }

    fn listed(finding: &Finding) -> SnapshotRow {
        let row = staged(finding.clone(), &["a".to_owned()]).unwrap();
        let status = status_text(row.status).to_owned();
        SnapshotRow { counted: row.counted, kept: row.kept, status, cve: row.cve, content: row.content }
    }

    fn kind(
        before: Option<(&Finding, bool)>,
        after: Option<&Finding>,
    ) -> (Option<FindingChangeKind>, Vec<&'static str>) {
        let before = before.map(|(finding, is_listed)| {
            let row = listed(finding);
            KnownRow { counted: row.counted, status: row.status, listed: is_listed, content: row.content }
        });
        let (device, key) = ("7".to_owned(), "k".to_owned());
        let difference = Difference { device, finding: key, before, listed: after.map(listed) };
        let change = change_of(difference, GoneReason::Unknown).unwrap();
        (change.kind, change.fields.into_iter().map(|field| field.field).collect())
    }

    #[test]
    fn each_change_has_its_kind() {
        use FindingChangeKind::{Changed, Fixed, Gone, Opened, Reopened};
        use FindingStatus as S;
        let [open, reopened, suppressed, fixed] = [S::Open, S::Reopened, S::Suppressed, S::Fixed].map(finding);
        for (before, after, expected) in [
            (None, Some(&open), Some(Opened)),
            (None, Some(&suppressed), Some(Opened)),
            (None, Some(&fixed), Some(Fixed)),
            (None, Some(&reopened), Some(Reopened)),
            (Some((&open, true)), Some(&open), None),
            (Some((&open, true)), Some(&fixed), Some(Fixed)),
            (Some((&fixed, true)), Some(&fixed), None),
            (Some((&fixed, true)), Some(&open), Some(Reopened)),
            (Some((&open, true)), Some(&reopened), Some(Reopened)),
            (Some((&reopened, true)), Some(&reopened), None),
            (Some((&reopened, true)), Some(&open), Some(Changed)),
            (Some((&open, true)), Some(&suppressed), Some(Changed)),
            (Some((&fixed, true)), Some(&suppressed), Some(Changed)),
            (Some((&open, true)), None, Some(Gone)),
            (Some((&open, false)), Some(&open), Some(Reopened)),
            (Some((&fixed, false)), Some(&open), Some(Reopened)),
            (Some((&open, false)), Some(&fixed), Some(Fixed)),
            (Some((&fixed, false)), Some(&fixed), Some(Fixed)),
            (Some((&open, false)), Some(&suppressed), Some(Changed)),
        ] {
            assert_eq!(kind(before, after).0, expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn only_fields_that_count_change_a_finding() {
        let before = finding(FindingStatus::Open);
        let other = Finding {
            id: Some("99".to_owned()),
            device_id: "8".to_owned(),
            device_name: Some("new".to_owned()),
            device_address: Some("10.0.0.9".to_owned()),
            risk_level: Some("3".to_owned()),
            state_changed: Some("2025-01-01T00:00:00Z".to_owned()),
            first_found: Some("2025-01-01T00:00:00Z".to_owned()),
            description: Some("text".to_owned()),
            cwe: vec!["CWE-79".to_owned()],
            cve: vec!["CVE-2024-1".to_owned(), "CVE-2024-2".to_owned()],
            ..before.clone()
        };
        assert_eq!(kind(Some((&before, true)), Some(&other)), (None, vec![]));
        let worse = Finding { cvss: Some(10.0), exploit: Some(true), ..before.clone() };
        let changed = (Some(FindingChangeKind::Changed), vec!["cvss", "exploit"]);
        assert_eq!(kind(Some((&before, true)), Some(&worse)), changed);
    }

    #[test]
    fn the_order_of_lists_makes_no_other_row() {
        let one = staged(finding(FindingStatus::Open), &["a".to_owned()]).unwrap();
        let mut shifted = finding(FindingStatus::Open);
        shifted.cve.reverse();
        assert_eq!(one, staged(shifted, &["a".to_owned()]).unwrap());
        let other = staged(finding(FindingStatus::Open), &["a".to_owned(), String::new()]).unwrap();
        assert_ne!(one.finding, other.finding, "values of the key are not joined");
    }
}

//! The changes of a scan: the vulnerabilities that were opened, fixed and reopened since it began.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::findings::{Device, VulnerabilityRow, same_state};

/// How many vulnerabilities of a kind are named.
const NAMED: usize = 1_000;

/// The changes of a scan, by the dates of the vulnerabilities: they are the server's, and so is the scan's.
#[derive(Debug)]
pub(crate) struct ScanChanges {
    /// In whole seconds: dates of the vendor come with and without fractions.
    since: i64,
    opened: ListedChanges,
    fixed: ListedChanges,
    reopened: ListedChanges,
    /// Rows whose date is missing, so that they may have changed.
    pub(crate) undated: u64,
}

#[derive(Debug, Default)]
struct ListedChanges {
    count: u64,
    rows: Vec<Value>,
}

impl ListedChanges {
    fn add(&mut self, device: &Device, row: &VulnerabilityRow) {
        self.count += 1;
        if self.rows.len() < NAMED {
            self.rows.push(json!({
                "deviceId": device.id,
                "deviceName": device.name,
                "id": row.id(),
                "cve": row.cve(),
                "state": row.state(),
            }));
        }
    }
}

impl ScanChanges {
    /// The changes since the start of a scan; `None` where its start is not known.
    pub(crate) fn since(started: Option<&str>) -> Option<Self> {
        let since = started?.trim().parse::<Timestamp>().ok()?.as_second();
        let none = ListedChanges::default;
        Some(Self { since, opened: none(), fixed: none(), reopened: none(), undated: 0 })
    }

    /// Looks at a vulnerability as it is now.
    pub(crate) fn look_at(&mut self, device: &Device, row: &VulnerabilityRow) {
        let is_new = row.discovered().map(|time| time.as_second() >= self.since);
        let has_changed = row.state_changed().map(|time| time.as_second() >= self.since);
        let state = row.state();
        let is_fixed = same_state(&state, "fixConfirmed");
        // Before 2024-08 there is no word for it: a finding that is not new goes back to the first state.
        let is_open_again = same_state(&state, "reopen") || (same_state(&state, "discovered") && is_new == Some(false));
        match (is_new, has_changed) {
            (Some(true), _) if !is_fixed => self.opened.add(device, row),
            (_, Some(true)) if is_fixed => self.fixed.add(device, row),
            (_, Some(true)) if is_open_again => self.reopened.add(device, row),
            (None, _) | (_, None) => self.undated += 1,
            _ => {}
        }
    }

    /// How many of the kinds were found.
    pub(crate) fn summary(&self) -> String {
        format!("{} opened, {} fixed, {} reopened", self.opened.count, self.fixed.count, self.reopened.count)
    }

    /// Whether more were found than are named.
    pub(crate) fn is_cut(&self) -> bool {
        [&self.opened, &self.fixed, &self.reopened].iter().any(|listed| listed.count > listed.rows.len() as u64)
    }

    /// The members of a result row.
    pub(crate) fn members(self) -> [(&'static str, Value); 6] {
        [
            ("openedCount", self.opened.count.into()),
            ("fixedCount", self.fixed.count.into()),
            ("reopenedCount", self.reopened.count.into()),
            ("opened", self.opened.rows.into()),
            ("fixed", self.fixed.rows.into()),
            ("reopened", self.reopened.rows.into()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::VulnerabilityReader;

    #[test]
    fn dates_and_states_tell_what_a_scan_changed() {
        let device = Device { id: 1, name: String::new(), ip: String::new(), tags: None, risk_level: None, cves: None };
        let (old, new) = ("2026-11-01 08:00:00+00:00", "2026-11-02T08:00:00.5Z");
        for (state, discovered, changed, expected) in [
            ("discovered", new, new, "1 opened, 0 fixed, 0 reopened"),
            ("fixConfirmed", old, new, "0 opened, 1 fixed, 0 reopened"),
            ("fix confirmed", new, new, "0 opened, 1 fixed, 0 reopened"),
            ("reopen", old, new, "0 opened, 0 fixed, 1 reopened"),
            ("discovered", old, new, "0 opened, 0 fixed, 1 reopened"),
            ("discovered", old, old, "0 opened, 0 fixed, 0 reopened"),
            ("fixConfirmed", old, old, "0 opened, 0 fixed, 0 reopened"),
            ("acceptRisk", old, new, "0 opened, 0 fixed, 0 reopened"),
            ("fixConfirmed", old, "", "0 opened, 0 fixed, 0 reopened"),
        ] {
            for member in ["stateLastChangedOn", "lastStateChanged"] {
                let mut changes = ScanChanges::since(Some("2026-11-02 08:00:00.700000+00:00")).unwrap();
                let row = format!(r#"{{"state":"{state}","discovered":"{discovered}","{member}":"{changed}"}}"#);
                changes.look_at(&device, &VulnerabilityReader::new().read(&row).unwrap());
                assert_eq!((changes.summary().as_str(), changes.undated), (expected, u64::from(changed.is_empty())));
            }
        }
        assert!(ScanChanges::since(None).is_none() && ScanChanges::since(Some("")).is_none());
    }
}

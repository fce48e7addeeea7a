//! The contextual risk report adds to the devices' own lists: devices to ask, and scores of vulnerabilities.
//!
//! The vendor makes the report from time to time, and may leave out devices without a context. So it proves neither that a
//! vulnerability is there nor that it is gone.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};
use soar_connector::{RowReader, SinkError, cell_text, parse_boolean};

use super::device::whole_number;
use super::{Device, VulnerabilityRow};
use crate::session::Call;
use crate::vendor::ContextualRiskReport;

/// The members of a row that are used. Those without a second name are the same in all generations.
const MEMBERS: [&str; 12] = [
    "deviceId",
    "deviceLabel",
    "ip",
    "cve",
    "vulnerabilityElementId",
    "vulnerabilityCrs",
    "crss",
    "crssSeverity",
    "isWeaponized",
    "weaponized",
    "isExploitable",
    "exploitable",
];

/// The most vulnerabilities whose scores are kept in memory, at 24 bytes each.
const MOST: usize = 500_000;

/// The report's data about a vulnerability.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Risk {
    key: u64,
    score: Option<f32>,
    /// The position of the severity among those of the report.
    severity: Option<u8>,
    weaponized: Option<bool>,
    exploitable: Option<bool>,
}

/// The report.
#[derive(Debug, Default)]
pub(crate) struct RiskReport {
    risks: Vec<Risk>,
    severities: Vec<String>,
    /// The name and the address of each device.
    devices: BTreeMap<i64, (String, String)>,
    /// Rows whose scores are not kept.
    left_out: u64,
}

impl RiskReport {
    /// Reads the report. If it cannot be read, a warning says why, and the report adds nothing.
    pub(crate) async fn read(call: &mut Call<'_>) -> Self {
        let mut report = Self::default();
        let reader = RowReader::of_members(&MEMBERS);
        match call.each_row(&ContextualRiskReport, |row| report.take(&reader.read(row)?)).await {
            Ok(None) => {}
            Ok(Some(missing)) => {
                call.warn("risk-report-not-whole", format!("The contextual risk report is not whole. {missing}"));
            }
            Err(failure) => {
                let text = format!("The contextual risk report was not read. {}", failure.message);
                call.warn("risk-report-not-read", text);
            }
        }
        if report.left_out > 0 {
            let text = format!("The scores of {} rows of the contextual risk report are left out.", report.left_out);
            call.warn("risk-report-not-whole", text);
        }
        report.sort();
        report
    }

    fn take(&mut self, row: &Value) -> Result<(), SinkError> {
        let text = |name| row.get(name).map(cell_text).unwrap_or_default();
        let either = |one: &str, other: &str| {
            let value = row.get(one).or_else(|| row.get(other))?;
            value.as_bool().or_else(|| parse_boolean(value.as_str()?))
        };
        let device = row.get("deviceId").and_then(whole_number);
        if let Some(device) = device {
            self.devices.entry(device).or_insert_with(|| (text("deviceLabel"), text("ip")));
        }
        let element = row.get("vulnerabilityElementId").and_then(whole_number).filter(|id| *id > 0);
        let Some(key) = element.map(key_of_id).or_else(|| device.and_then(|device| key_of_cve(device, &text("cve"))))
        else {
            return Ok(());
        };
        if self.risks.len() == MOST {
            self.left_out += 1;
            return Ok(());
        }
        let score = row.get("vulnerabilityCrs").or_else(|| row.get("crss"));
        let score = score.and_then(|score| score.as_f64().or_else(|| score.as_str()?.trim().parse().ok()));
        let severity = self.severity(text("crssSeverity"));
        self.risks.push(Risk {
            key,
            score: score.map(|score| score as f32),
            severity,
            weaponized: either("isWeaponized", "weaponized"),
            exploitable: either("isExploitable", "exploitable"),
        });
        Ok(())
    }

    fn severity(&mut self, word: String) -> Option<u8> {
        if word.is_empty() {
            return None;
        }
        let place = self.severities.iter().position(|known| *known == word).unwrap_or_else(|| {
            self.severities.push(word);
            self.severities.len() - 1
        });
        u8::try_from(place).ok()
    }

    /// Of the rows of a vulnerability, one for each context, the highest score counts.
    fn sort(&mut self) {
        let score = |risk: &Risk| risk.score.unwrap_or(f32::MIN);
        self.risks.sort_by(|one, other| one.key.cmp(&other.key).then(score(other).total_cmp(&score(one))));
        self.risks.dedup_by_key(|risk| risk.key);
    }

    /// Whether the report has a row of the device.
    pub(crate) fn has_device(&self, device: i64) -> bool {
        self.devices.contains_key(&device)
    }

    /// The devices of the report that are not among `listed`.
    pub(crate) fn other_devices(&self, listed: &[Device]) -> Vec<Device> {
        let known: std::collections::HashSet<i64> = listed.iter().map(|device| device.id).collect();
        let others = self.devices.iter().filter(|(id, _)| !known.contains(*id));
        let device = |(id, (name, ip)): (&i64, &(String, String))| Device {
            id: *id,
            name: name.clone(),
            ip: ip.clone(),
            tags: None,
            risk_level: None,
            cves: None,
        };
        others.map(device).collect()
    }

    /// The members that the row of a vulnerability gets from the report. What the report does not say is null.
    pub(crate) fn members(&self, device: &Device, row: &VulnerabilityRow) -> String {
        let find = |key: u64| self.risks.binary_search_by_key(&key, |risk| risk.key).ok();
        let place = row.id().map(key_of_id).and_then(find);
        let place = place.or_else(|| key_of_cve(device.id, &row.cve()).and_then(find));
        let risk = place.and_then(|place| self.risks.get(place));
        // An f32 as it is written: 88.2, not 88.19999694824219.
        let score = risk.and_then(|risk| risk.score).and_then(|score| score.to_string().parse::<f64>().ok());
        let severity = risk.and_then(|risk| self.severities.get(usize::from(risk.severity?)));
        let members = json!({
            "contextualRiskScore": score,
            "contextualRiskSeverity": severity,
            "weaponized": risk.and_then(|risk| risk.weaponized),
            "exploitable": risk.and_then(|risk| risk.exploitable),
        });
        members.to_string().trim_matches(['{', '}']).to_owned()
    }
}

fn key_of_id(id: i64) -> u64 {
    let mut hasher = DefaultHasher::new();
    ("id", id).hash(&mut hasher);
    hasher.finish()
}

/// Reports before 2024-08 have no id of the vulnerability.
fn key_of_cve(device: i64, cve: &str) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    ("cve", device, cve.to_ascii_uppercase()).hash(&mut hasher);
    (!matches!(cve, "" | "None")).then(|| hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::VulnerabilityReader;

    fn members(report: &RiskReport, row: &str) -> Value {
        let device = Device { id: 7, name: String::new(), ip: String::new(), tags: None, risk_level: None, cves: None };
        let row = VulnerabilityReader::new().read(row).unwrap();
        serde_json::from_str(&format!("{{{}}}", report.members(&device, &row))).unwrap()
    }

    #[test]
    fn the_highest_score_of_all_contexts_counts_in_every_form_of_the_report() {
        let mut report = RiskReport::default();
        for row in [
            json!({"deviceId": 7, "vulnerabilityElementId": "12", "vulnerabilityCrs": "40.5", "crssSeverity": "medium",
                   "isWeaponized": false, "isExploitable": "True"}),
            json!({"deviceId": 7, "vulnerabilityElementId": 12, "vulnerabilityCrs": 88.2, "crssSeverity": "high",
                   "isWeaponized": true, "isExploitable": true}),
            json!({"deviceId": 7, "cve": "cve-2021-1", "crss": 10, "crssSeverity": "", "weaponized": false}),
            json!({"deviceId": null, "virtualVulnerabilityElementId": 3, "crss": 99}),
        ] {
            report.take(&row).unwrap();
        }
        report.sort();
        let known = json!({"contextualRiskScore": 88.2, "contextualRiskSeverity": "high", "weaponized": true, "exploitable": true});
        assert_eq!(members(&report, r#"{"id":12,"cve":"CVE-2020-1"}"#), known);
        let older = json!({"contextualRiskScore": 10.0, "contextualRiskSeverity": null, "weaponized": false, "exploitable": null});
        assert_eq!(members(&report, r#"{"id":13,"cve":"CVE-2021-1"}"#), older);
        let unknown = json!({"contextualRiskScore": null, "contextualRiskSeverity": null, "weaponized": null, "exploitable": null});
        assert_eq!(members(&report, r#"{"id":14,"cve":"CVE-2022-1"}"#), unknown);
        assert!(report.has_device(7) && report.other_devices(&[]).len() == 1);
    }
}

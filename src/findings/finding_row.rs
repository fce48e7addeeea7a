//! One finding of one device: the vendor's row, and the members that tell the device and the tenant.

use serde_json::{Value, json};
use soar_connector::{RowReader, SinkError, cell_text};

use super::Device;
use super::device::whole_number;

/// The members of a vulnerability's row that commands look at. Those that say when and why its state changed have other
/// names on instances since 2024-08.
const MEMBERS: [&str; 9] = [
    "id",
    "elementId",
    "cve",
    "cvssScore",
    "isPublicExploitAvailable",
    "state",
    "discovered",
    "stateLastChangedOn",
    "lastStateChanged",
];

/// A vulnerability's row as commands look at it.
#[derive(Debug)]
pub(crate) struct VulnerabilityRow(Value);

/// Reads rows of vulnerabilities.
#[derive(Debug)]
pub(crate) struct VulnerabilityReader(RowReader);

impl VulnerabilityReader {
    pub(crate) fn new() -> Self {
        Self(RowReader::of_members(&MEMBERS))
    }

    pub(crate) fn read(&self, row: &str) -> Result<VulnerabilityRow, SinkError> {
        self.0.read(row).map(VulnerabilityRow)
    }
}

impl VulnerabilityRow {
    /// The id that the state change takes.
    pub(crate) fn id(&self) -> Option<i64> {
        self.0.get("id").and_then(whole_number)
    }

    /// The element that has the vulnerability, presumably the application.
    pub(crate) fn element(&self) -> Option<i64> {
        self.0.get("elementId").and_then(whole_number)
    }

    pub(crate) fn cve(&self) -> String {
        self.text("cve")
    }

    pub(crate) fn state(&self) -> String {
        self.text("state")
    }

    /// The CVSS base score, which instances write as a number or as text.
    pub(crate) fn cvss(&self) -> Option<f64> {
        let value = self.0.get("cvssScore")?;
        value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
    }

    pub(crate) fn is_exploit_public(&self) -> Option<bool> {
        let value = self.0.get("isPublicExploitAvailable")?;
        value.as_bool().or_else(|| soar_connector::parse_boolean(value.as_str()?))
    }

    pub(crate) fn discovered(&self) -> Option<jiff::Timestamp> {
        self.moment("discovered")
    }

    /// When the state changed last, by the server's clock.
    pub(crate) fn state_changed(&self) -> Option<jiff::Timestamp> {
        self.moment("stateLastChangedOn").or_else(|| self.moment("lastStateChanged"))
    }

    fn moment(&self, name: &str) -> Option<jiff::Timestamp> {
        self.0.get(name)?.as_str()?.trim().parse().ok()
    }

    fn text(&self, name: &str) -> String {
        self.0.get(name).map(cell_text).unwrap_or_default()
    }
}

/// Whether two words stand for the same state: instances write them with or without spaces.
pub(crate) fn same_state(one: &str, other: &str) -> bool {
    let letters = |word: &str| word.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    letters(one) == letters(other)
}

/// The text of the members that a finding's row gets beside the vendor's.
pub(crate) fn members_of(tenant: Option<i64>, device: &Device) -> String {
    let members = json!({
        "tenantId": tenant,
        "deviceId": device.id,
        "deviceName": device.name,
        "deviceIp": device.ip,
        "deviceTags": device.tags,
        "deviceRiskLevel": device.risk_level,
    });
    members.to_string().trim_start_matches('{').to_owned()
}

/// The vendor's row, untouched but for `members` before its closing brace, which `members` ends with.
pub(crate) fn with_members(row: &str, members: &str) -> String {
    let open = row.trim_end().strip_suffix('}').unwrap_or(row);
    let comma = if open.trim_end().ends_with('{') { "" } else { "," };
    format!("{open}{comma}{members}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_bytes_stay_and_the_device_follows() {
        let device = Device { id: 7, name: "a\"b".into(), ip: String::new(), tags: None, risk_level: None, cves: None };
        let members = members_of(None, &device);
        let row = with_members(r#"{"id": 1,  "x":1.50 }"#, &members);
        assert!(row.starts_with(r#"{"id": 1,  "x":1.50 ,"#), "{row}");
        let read: Value = serde_json::from_str(&row).unwrap();
        assert_eq!(
            (&read["deviceId"], &read["deviceName"], &read["tenantId"]),
            (&7.into(), &"a\"b".into(), &Value::Null)
        );
        assert!(serde_json::from_str::<Value>(&with_members("{ }", &members)).is_ok());
    }

    #[test]
    fn scores_states_and_times_are_read_in_every_form() {
        let read = |row| VulnerabilityReader::new().read(row).unwrap();
        let row =
            read(r#"{"cvssScore":"9.8","isPublicExploitAvailable":"True","discovered":"2018-07-19 01:29:00+00:00"}"#);
        assert_eq!((row.cvss(), row.is_exploit_public()), (Some(9.8), Some(true)));
        assert_eq!(row.discovered().unwrap().to_string(), "2018-07-19T01:29:00Z");
        let row = read(r#"{"cvssScore":"","isPublicExploitAvailable":"","discovered":"None"}"#);
        assert!(row.cvss().is_none() && row.is_exploit_public().is_none() && row.discovered().is_none());
        assert!(same_state("added to action plan", "addedToActionPlan") && !same_state("reopen", "discovered"));
    }
}

//! A device as its row in List Devices describes it, and the choice of devices.

use serde_json::Value;
use soar_connector::{RowReader, SinkError, cell_text};

/// The members of a device's row that findings need.
const MEMBERS: [&str; 6] = ["id", "name", "ip", "numberOfCves", "tags", "riskLevel"];

/// One device of the tenant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Device {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) ip: String,
    /// Its tags, where the instance shows them.
    pub(crate) tags: Option<Vec<String>>,
    /// Its risk, as the instance writes it.
    pub(crate) risk_level: Option<String>,
    /// How many CVEs the vendor counts on it; unknown on instances since 2025-04.
    pub(crate) cves: Option<u64>,
}

/// Reads devices from the rows of List Devices.
#[derive(Debug)]
pub(crate) struct DeviceReader(RowReader);

impl DeviceReader {
    pub(crate) fn new() -> Self {
        Self(RowReader::of_members(&MEMBERS))
    }

    /// The device of a row; `None` for a row without a usable id.
    pub(crate) fn read(&self, row: &str) -> Result<Option<Device>, SinkError> {
        let row = self.0.read(row)?;
        let Some(id) = row.get("id").and_then(whole_number) else { return Ok(None) };
        let text = |name| row.get(name).map(cell_text).unwrap_or_default();
        let cves = row.get("numberOfCves").and_then(whole_number).and_then(|count| u64::try_from(count).ok());
        let tags = row.get("tags").and_then(tags);
        let risk_level = Some(text("riskLevel")).filter(|level| !level.is_empty());
        Ok(Some(Device { id, name: text("name"), ip: text("ip"), tags, risk_level, cves }))
    }
}

/// A whole number, also as text: this API writes numbers as text too.
pub(crate) fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn tags(value: &Value) -> Option<Vec<String>> {
    let tags = value.as_array()?;
    Some(tags.iter().filter_map(|tag| tag.get("tag")?.as_str().map(str::to_owned)).collect())
}

/// Which devices a command is about: those with one of these ids, names or IP addresses.
#[derive(Debug, Default)]
pub(crate) struct DeviceChoice(Vec<String>);

impl DeviceChoice {
    pub(crate) fn new(given: Option<&[String]>) -> Self {
        Self(given.unwrap_or_default().iter().map(|text| text.to_lowercase()).collect())
    }

    /// Whether the command is about this device. Without a choice it is about all.
    pub(crate) fn has(&self, device: &Device) -> bool {
        let id = device.id.to_string();
        let names = [id, device.name.to_lowercase(), device.ip.to_lowercase()];
        self.0.is_empty() || self.0.iter().any(|given| names.contains(given))
    }

    /// The given texts that name none of these devices.
    pub(crate) fn unknown(&self, devices: &[Device]) -> Vec<&str> {
        let names = |given: &&String| !devices.iter().any(|device| Self(vec![(*given).clone()]).has(device));
        self.0.iter().filter(names).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_whatever_form_its_numbers_have() {
        let read = |row| DeviceReader::new().read(row).unwrap();
        let row = r#"{"id":"7","name":"A","ip":"10.0.0.1","numberOfCves":"0","tags":[{"tag":"x"}],"riskLevel":3}"#;
        let device = read(row).unwrap();
        assert_eq!((device.id, device.cves, device.tags), (7, Some(0), Some(vec!["x".to_owned()])));
        assert_eq!(device.risk_level.as_deref(), Some("3"));
        let device = read(r#"{"id":7,"numberOfCves":"","tags":"None","riskLevel":""}"#).unwrap();
        assert_eq!((device.cves, device.tags, device.risk_level), (None, None, None), "unknown is not 0");
        assert_eq!(read(r#"{"id":""}"#), None);
    }

    #[test]
    fn a_device_is_chosen_by_id_name_or_address() {
        let device =
            Device { id: 7, name: "Web-1".into(), ip: "10.0.0.1".into(), tags: None, risk_level: None, cves: None };
        for (given, has) in [("7", true), ("web-1", true), ("10.0.0.1", true), ("web", false), ("70", false)] {
            assert_eq!(DeviceChoice::new(Some(&[given.to_owned()])).has(&device), has, "{given}");
        }
        assert!(DeviceChoice::new(None).has(&device));
        let choice = DeviceChoice::new(Some(&["7".to_owned(), "other".to_owned()]));
        assert_eq!(choice.unknown(&[device]), ["other"]);
    }
}

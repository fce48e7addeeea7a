//! A finding as every connector's rows are read: the members that the manifest names, in one vocabulary.

use serde::{Deserialize, Serialize};

/// The meaning of a finding's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingStatus {
    /// It is open.
    Open,
    /// It is open again after it was fixed, as the product says.
    Reopened,
    /// A user decided to leave it as it is: an accepted risk, a false positive.
    Suppressed,
    /// It is fixed, as the product says.
    Fixed,
}

/// One finding on one device. A member that is `None` or empty is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Finding {
    /// The product's id of the finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The product's id of the device.
    pub device_id: String,
    /// The device's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
    /// The device's IP address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_address: Option<String>,
    /// The device's tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub device_tags: Vec<String>,
    /// The meaning of the state.
    pub status: FindingStatus,
    /// The state, in the product's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The CVEs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cve: Vec<String>,
    /// The CWEs, such as CWE-79.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cwe: Vec<String>,
    /// A short title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A longer text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The severity, in the product's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The CVSS base score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss: Option<f64>,
    /// The CVSS vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss_vector: Option<String>,
    /// Whether an exploit is public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploit: Option<bool>,
    /// The product's own word or number for the risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<String>,
    /// The software that has the finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
    /// The port at which it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The protocol with which it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// When the product found it first; RFC 3339 in UTC if the product names a moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_found: Option<String>,
    /// When its state changed last; RFC 3339 in UTC if the product names a moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_changed: Option<String>,
    /// Why it counts as fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_reason: Option<String>,
    /// The remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
    /// When the CVE was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// Links to more about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
}

impl Default for Finding {
    fn default() -> Self {
        Self {
            id: None,
            device_id: String::new(),
            device_name: None,
            device_address: None,
            device_tags: Vec::new(),
            status: FindingStatus::Open,
            state: None,
            cve: Vec::new(),
            cwe: Vec::new(),
            title: None,
            description: None,
            severity: None,
            cvss: None,
            cvss_vector: None,
            exploit: None,
            risk_level: None,
            software: None,
            port: None,
            protocol: None,
            first_found: None,
            state_changed: None,
            fixed_reason: None,
            remediation: None,
            published: None,
            references: Vec::new(),
        }
    }
}

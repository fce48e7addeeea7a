//! The optional capability "findings source": how a connector lists the findings of a tenant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ManifestPath;

/// How the connector lists the findings of a tenant. A connector without this table has no findings.
///
/// A host reads all rows of `command`, and compares them with the rows of an earlier list. All paths start at one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FindingsSource {
    /// The reading command that lists all findings of a tenant, one row per finding and device. Its receipt says if the
    /// list is whole.
    pub command: String,
    /// Parameters that the host always gives to the command, such as `{ "All Pages" = "Yes" }`.
    #[serde(default)]
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// The command's input that takes the id of the tenant. None for a product without tenants.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The command's list input that takes the ids of the devices that had findings before. The command reads these
    /// devices even where the product counts no findings for them: only such a list proves that a finding is gone.
    #[serde(default)]
    pub known_devices: Option<String>,
    /// How the tenants of a connection are listed. Goes with `tenant`.
    #[serde(default)]
    pub tenants: Option<TenantList>,
    /// How the devices of a tenant are listed. The host asks for the list to find the reason why findings are gone.
    #[serde(default)]
    pub devices: Option<DeviceList>,
    /// The device of a finding.
    pub device: FindingDevice,
    /// The members that identify a finding on its device, and that the product keeps: no ids that a new scan changes.
    /// Two rows of a device with equal values are the same finding.
    pub key: Vec<ManifestPath>,
    /// The state of a finding.
    pub state: FindingStates,
    /// The other members of a finding.
    #[serde(default)]
    pub members: FindingMembers,
}

/// How the tenants of a connection are listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TenantList {
    /// The reading command, which needs no parameters.
    pub command: String,
    /// The id of the tenant in a row.
    pub id: ManifestPath,
    /// The name of the tenant in a row.
    #[serde(default)]
    pub name: Option<ManifestPath>,
}

/// How the devices of a tenant are listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeviceList {
    /// The reading command, which takes the input of `tenant` too.
    pub command: String,
    /// Parameters that the host always gives to the command, such as `{ "All Pages" = "Yes" }`.
    #[serde(default)]
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// The id of the device in a row.
    pub id: ManifestPath,
    /// The member and the values with which the product lists a device that no longer exists.
    #[serde(default)]
    pub decommissioned: Option<MemberValues>,
    /// The member and the values with which the product lists a device that it no longer scans.
    #[serde(default)]
    pub out_of_scope: Option<MemberValues>,
}

/// A member of a row, and some of its values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MemberValues {
    /// The member.
    pub path: ManifestPath,
    /// The values, matched without regard to case, spaces and other signs.
    pub values: Vec<String>,
}

/// The device of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FindingDevice {
    /// The product's id of the device.
    pub id: ManifestPath,
    /// Its name. Name and address together identify a device that the product deleted and created again with another
    /// id.
    #[serde(default)]
    pub name: Option<ManifestPath>,
    /// Its IP address.
    #[serde(default)]
    pub address: Option<ManifestPath>,
    /// Its tags; the path may lead to several.
    #[serde(default)]
    pub tags: Option<ManifestPath>,
}

/// The state of a finding and the meaning of its words, matched without regard to case, spaces and other signs. A word
/// without a meaning counts as open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FindingStates {
    /// The state in a row.
    pub path: ManifestPath,
    /// Words for a finding that is open.
    pub open: Vec<String>,
    /// Words for a finding that the product knows to be fixed.
    pub fixed: Vec<String>,
    /// Words for a finding that is open again after it was fixed.
    #[serde(default)]
    pub reopened: Vec<String>,
    /// Words for a finding that a user decided to leave as it is: an accepted risk, a false positive.
    #[serde(default)]
    pub suppressed: Vec<String>,
}

/// The other members of a finding. A path that leads nowhere in a row is a value that is not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FindingMembers {
    /// The product's id of the finding, as its other commands take it.
    #[serde(default)]
    pub id: Option<ManifestPath>,
    /// Its CVE; the path may lead to several.
    #[serde(default)]
    pub cve: Option<ManifestPath>,
    /// Its CWE; the path may lead to several, and a text may name several. What has no form such as CWE-79 is left out.
    #[serde(default)]
    pub cwe: Option<ManifestPath>,
    /// A short title.
    #[serde(default)]
    pub title: Option<ManifestPath>,
    /// A longer text.
    #[serde(default)]
    pub description: Option<ManifestPath>,
    /// The product's word for the severity.
    #[serde(default)]
    pub severity: Option<ManifestPath>,
    /// The CVSS base score: a number, or a text that is one.
    #[serde(default)]
    pub cvss: Option<ManifestPath>,
    /// The CVSS vector.
    #[serde(default)]
    pub cvss_vector: Option<ManifestPath>,
    /// Whether an exploit is public: true or false.
    #[serde(default)]
    pub exploit: Option<ManifestPath>,
    /// The product's own word or number for the risk.
    #[serde(default)]
    pub risk_level: Option<ManifestPath>,
    /// The software that has the finding.
    #[serde(default)]
    pub software: Option<ManifestPath>,
    /// The port at which it was found.
    #[serde(default)]
    pub port: Option<ManifestPath>,
    /// The protocol with which it was found.
    #[serde(default)]
    pub protocol: Option<ManifestPath>,
    /// When the product found it first.
    #[serde(default)]
    pub first_found: Option<ManifestPath>,
    /// When its state changed last.
    #[serde(default)]
    pub state_changed: Option<ManifestPath>,
    /// Why it counts as fixed.
    #[serde(default)]
    pub fixed_reason: Option<ManifestPath>,
    /// The remedy.
    #[serde(default)]
    pub remediation: Option<ManifestPath>,
    /// When the CVE was published.
    #[serde(default)]
    pub published: Option<ManifestPath>,
    /// Links to more about it; the path may lead to several.
    #[serde(default)]
    pub references: Option<ManifestPath>,
}

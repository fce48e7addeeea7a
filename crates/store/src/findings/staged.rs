//! The rows of a snapshot, and their differences from what is known.

use std::collections::HashSet;

use soar_connector::FindingStatus;

/// A row of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedFinding {
    /// The product's id of the device.
    pub device: String,
    /// The hash of the members that identify the finding on its device.
    pub finding: String,
    /// The hash of the fields whose change is a change of the finding.
    pub counted: i64,
    /// The hash of all fields.
    pub kept: i64,
    /// The status.
    pub status: FindingStatus,
    /// The first CVE, or empty.
    pub cve: String,
    /// The fields, a JSON object.
    pub content: String,
    /// The device's name, or empty.
    pub device_name: String,
    /// The device's address, or empty.
    pub device_address: String,
}

/// A finding whose row in the snapshot is not the row that is known, or that is not in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The device, as the store knows it.
    pub device: String,
    /// The hash of the members that identify the finding on its device.
    pub finding: String,
    /// The known row. `None` for a new finding.
    pub before: Option<KnownRow>,
    /// The row in the snapshot. `None` for a finding that is not in it.
    pub listed: Option<SnapshotRow>,
}

/// A row as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRow {
    /// The hash of the fields whose change is a change of the finding.
    pub counted: i64,
    /// The status.
    pub status: String,
    /// Whether the last whole snapshot had it.
    pub listed: bool,
    /// The fields, a JSON object.
    pub content: String,
}

/// A row of the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    /// The hash of the fields whose change is a change of the finding.
    pub counted: i64,
    /// The hash of all fields.
    pub kept: i64,
    /// The status.
    pub status: String,
    /// The first CVE, or empty.
    pub cve: String,
    /// The fields, a JSON object.
    pub content: String,
}

/// Which of the known devices without a finding in the snapshot the product no longer lists. A new device can be one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlisted {
    /// All: the product has no list of devices.
    All,
    /// These.
    These(HashSet<String>),
    /// It is not known.
    Unknown,
}

/// The result for the devices of a snapshot whose id is new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// The known devices that have a new id.
    pub renamed: Vec<String>,
    /// Whether rows were left out, because it is not known whether their device is a known one.
    pub has_left_out: bool,
}

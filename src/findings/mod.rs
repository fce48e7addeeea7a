//! Findings: the vulnerabilities of devices, read from the devices' own lists.

mod collect;
mod device;
mod finding_filter;
mod finding_row;
mod risk_report;

pub(crate) use collect::{Presence, collect, every_device};
pub(crate) use device::{Device, DeviceChoice, DeviceReader, whole_number};
pub(crate) use finding_filter::{Fit, VulnerabilityFilter};
pub(crate) use finding_row::{VulnerabilityReader, VulnerabilityRow, same_state, with_members};
pub(crate) use risk_report::RiskReport;

//! The vendor's API: one typed request and reply for all forms that instances have.

mod application_findings;
mod device_form;
mod device_parts;
mod devices;
mod endpoint;
mod endpoints;
mod level_proof;
mod refusal;
mod risk;
mod risk_report;
mod role;
mod scans;

pub(crate) use application_findings::{ApplicationFindings, StateChange};
pub(crate) use device_form::DeviceForm;
pub(crate) use device_parts::{DevicePart, PartOfDevice, Tag, TagsOfDevice};
pub(crate) use devices::{DeviceFilter, Devices, EveryDevice};
pub(crate) use endpoint::{Endpoint, VendorRequest};
pub(crate) use endpoints::*;
pub(crate) use level_proof::LevelProof;
pub(crate) use refusal::{RefusalOrigin, is_invalid_page, message, origin};
pub(crate) use risk::RiskLevel;
pub(crate) use risk_report::ContextualRiskReport;
pub(crate) use role::permission_of_role;
pub(crate) use scans::{RescanOfInput, Scan, ScanJobs, ScanTargets, Scans};
pub(crate) use soar_connector::{Failure, ListReply};

//! The vendor's API: one typed request and reply for all forms that instances have.

mod device_form;
mod devices;
mod endpoint;
mod endpoints;
mod failure;
mod json;
mod level_proof;
mod refusal;
mod reply;
mod risk;
mod role;
mod rows;

pub(crate) use device_form::DeviceForm;
pub(crate) use devices::{DeviceFilter, Devices};
pub(crate) use endpoint::{Endpoint, Request};
pub(crate) use endpoints::{
    DeviceDetail, Rescan, ScanSurface, Scanners, Session, TargetPorts, TargetScope, TechnicalContext,
    TechnicalContexts, Tenants,
};
pub(crate) use failure::Failure;
pub(crate) use json::read;
pub(crate) use level_proof::LevelProof;
pub(crate) use refusal::{Origin, message, origin};
pub(crate) use reply::{ListReply, split};
pub(crate) use risk::RiskLevel;
pub(crate) use role::permission_of_role;

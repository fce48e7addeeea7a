//! The vendor's API: one typed request and reply for both of its generations.

mod endpoint;
mod endpoints;
mod failure;
mod generation;
mod reply;
mod risk;
mod role;
mod rows;

pub(crate) use endpoint::{Endpoint, Request};
pub(crate) use endpoints::{
    DeviceDetail, DeviceFilter, Devices, Rescan, ScanSurface, Scanners, Session, TargetPorts, TargetScope,
    TechnicalContext, TechnicalContexts, Tenants,
};
pub(crate) use failure::{is_invalid_page, message};
pub(crate) use generation::Generation;
pub(crate) use reply::{ListReply, is_html, split};
pub(crate) use risk::RiskLevel;
pub(crate) use role::permission_of_role;
pub(crate) use soar_connector::Failure;

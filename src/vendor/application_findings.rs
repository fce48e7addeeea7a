//! The vulnerabilities of one application, and the change of their state.

use serde_json::json;
use soar_connector::manifest::ReplyShape::{Array, Object, PageObject};
use soar_connector::{ReplyForm, Warning};

use super::DeviceForm;
use super::endpoint::{Endpoint, VendorRequest};

const TEMPLATE: &str = "/console/elements/application/{applicationId}/vulnerabilities/";

/// The vulnerabilities of an application.
#[derive(Debug)]
pub(crate) struct ApplicationFindings {
    pub(crate) application: i64,
}

impl Endpoint for ApplicationFindings {
    fn command(&self) -> &'static str {
        "Update Vulnerability State"
    }

    fn reply_form(&self) -> Option<ReplyForm<'static>> {
        Some(ReplyForm { shapes: &[PageObject, Array], row_members: &["id", "cve"], unpublished: false })
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        VendorRequest::get(TEMPLATE).with_id(self.application)
    }
}

/// A new state of vulnerabilities of one application.
#[derive(Debug)]
pub(crate) struct StateChange {
    pub(crate) application: i64,
    pub(crate) ids: Vec<i64>,
    /// The vendor's word.
    pub(crate) state: &'static str,
    pub(crate) reason: String,
}

impl Endpoint for StateChange {
    fn command(&self) -> &'static str {
        "Update Vulnerability State"
    }

    /// One vulnerability, although the request names several.
    fn reply_form(&self) -> Option<ReplyForm<'static>> {
        Some(ReplyForm { shapes: &[Object, Array], row_members: &["id", "state"], unpublished: false })
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        let body = json!({ "ids": self.ids, "state": self.state, "motivationText": self.reason });
        VendorRequest::post(TEMPLATE, body).with_id(self.application)
    }
}

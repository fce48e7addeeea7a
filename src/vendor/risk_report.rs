//! The contextual risk report: a snapshot of a tenant's vulnerabilities that the vendor makes from time to time.

use soar_connector::manifest::ReplyShape::PageObject;
use soar_connector::{ReplyForm, Warning};

use super::DeviceForm;
use super::endpoint::{Endpoint, PageSize, VendorRequest};

/// All rows of the report.
#[derive(Debug)]
pub(crate) struct ContextualRiskReport;

impl Endpoint for ContextualRiskReport {
    fn command(&self) -> &'static str {
        "List Vulnerabilities"
    }

    fn reply_form(&self) -> Option<ReplyForm<'static>> {
        Some(ReplyForm { shapes: &[PageObject], row_members: &["index", "vulnerabilityState"], unpublished: false })
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        VendorRequest::get("/console/reporting/contextualRiskReport/")
    }

    fn page_size(&self) -> Option<PageSize> {
        Some(PageSize { parameter: "size", rows: 1_000 })
    }
}

//! Scans: their history, the jobs that run, and what is to be scanned.

use serde_json::json;
use soar_connector::manifest::ReplyShape::Object;
use soar_connector::{ReplyForm, Warning};

use super::DeviceForm;
use super::endpoint::{Endpoint, PageSize, VendorRequest};

/// The scans that users started, on instances since 2023-08.
#[derive(Debug, Default)]
pub(crate) struct Scans {
    pub(crate) status: Option<String>,
    pub(crate) scanner: Option<i64>,
}

impl Endpoint for Scans {
    fn command(&self) -> &'static str {
        "List Scans"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        let mut request = VendorRequest::get("/console/scans/");
        request.query("status", self.status.as_ref());
        request.query("scannerId", self.scanner);
        request
    }

    fn page_size(&self) -> Option<PageSize> {
        Some(PageSize { parameter: "size", rows: 100 })
    }
}

/// One scan.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) uuid: String,
}

impl Scan {
    /// The scan of that id; `None` for a text that no scan can have as its id, and that could change the address.
    pub(crate) fn of(uuid: &str) -> Option<Self> {
        let fits =
            (1..=36).contains(&uuid.len()) && uuid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        fits.then(|| Self { uuid: uuid.to_owned() })
    }
}

impl Endpoint for Scan {
    fn command(&self) -> &'static str {
        "Get Scan"
    }

    /// Documents before 2023-08 have the status alone.
    fn reply_form(&self) -> Option<ReplyForm<'static>> {
        Some(ReplyForm { shapes: &[Object], row_members: &["status"], unpublished: false })
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        VendorRequest::get("/console/scans/{scanUuid}/").with_id(&self.uuid)
    }
}

/// The scans that run now, on all instances.
#[derive(Debug)]
pub(crate) struct ScanJobs;

impl Endpoint for ScanJobs {
    fn command(&self) -> &'static str {
        "List Scans"
    }

    fn reply_form(&self) -> Option<ReplyForm<'static>> {
        Some(ReplyForm { shapes: &[Object], row_members: &["areaScanJobs", "runningJobs"], unpublished: false })
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        VendorRequest::get("/console/status/scan/")
    }
}

/// Targets to scan.
#[derive(Debug)]
pub(crate) struct ScanTargets {
    pub(crate) targets: Vec<String>,
    pub(crate) scanners: Vec<i64>,
    /// Whether they are scanned at once. Instances before 2023-08 scan in any case.
    pub(crate) scans_now: bool,
}

impl Endpoint for ScanTargets {
    fn command(&self) -> &'static str {
        "Add Scan Targets"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        let body = json!({ "scanTargets": self.targets, "scanners": self.scanners });
        let mut request = VendorRequest::post("/console/scanSurface/", body);
        request.query("isNoScanRequest", (!self.scans_now).then_some(true));
        request
    }
}

/// A new scan of one entry of the scan surface.
#[derive(Debug)]
pub(crate) struct RescanOfInput {
    pub(crate) input: i64,
}

impl Endpoint for RescanOfInput {
    fn command(&self) -> &'static str {
        "Patch Rescan"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        VendorRequest::patch("/console/scanSurface/userInputs/{userInputId}/rescan/", Some(json!({})))
            .with_id(self.input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_would_change_the_address_is_none() {
        for (text, fits) in
            [("5ca0f1e5-7000-4000-a000-000000000001", true), ("", false), ("../users", false), ("a%2Fb", false)]
        {
            assert_eq!(Scan::of(text).is_some(), fits, "{text}");
        }
    }
}

//! The vendor's endpoints. Where instances differ, a request has what every form of the endpoint understands.

use serde_json::json;
use soar_connector::Warning;

use super::endpoint::{Endpoint, PageSize, VendorRequest};
use super::{DeviceForm, LevelProof, RiskLevel};

/// The session endpoint. It answers without credentials on all instances, and logs browsers in.
pub(crate) const SESSION_PATH: &str = "/common/auth/session/";

/// The session endpoint: says which user is logged in. The reply carries tokens.
#[derive(Debug)]
pub(crate) struct SessionEndpoint;

impl Endpoint for SessionEndpoint {
    fn command(&self) -> &'static str {
        "Test Connection"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        VendorRequest::get(SESSION_PATH)
    }
}

/// The tenants that the user can act in.
#[derive(Debug)]
pub(crate) struct TenantsEndpoint;

impl Endpoint for TenantsEndpoint {
    fn command(&self) -> &'static str {
        "List Tenants"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        VendorRequest::get("/common/auth/session/accounts/")
    }

    fn page_size(&self) -> Option<PageSize> {
        Some(PageSize { parameter: "size", rows: 100 })
    }
}

/// The technical contexts.
#[derive(Debug)]
pub(crate) struct TechnicalContexts {
    pub(crate) risk_level: Option<RiskLevel>,
}

impl Endpoint for TechnicalContexts {
    fn command(&self) -> &'static str {
        "List Technical Contexts"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        let mut request = VendorRequest::get("/console/elements/contexts/technical/");
        // The older documents' name and words, and the newer ones'. Each form of the endpoint ignores the other's.
        request.query("risk_level", self.risk_level.map(RiskLevel::older));
        request.query("riskLevel", self.risk_level.and_then(RiskLevel::newer));
        request
    }

    fn level_proof(&self) -> Option<LevelProof> {
        // The security state of a context is a number in the older documents, and its risk level a word since 2025-04.
        LevelProof::new(self.risk_level, &["riskLevel", "state"])
    }
}

/// One technical context.
#[derive(Debug)]
pub(crate) struct TechnicalContext {
    pub(crate) id: i64,
}

impl Endpoint for TechnicalContext {
    fn command(&self) -> &'static str {
        "Get Technical Context"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        VendorRequest::get("/console/elements/contexts/technical/{contextId}/").with_id(self.id)
    }
}

/// A list about one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceDetail {
    AttackAvenues { device: i64 },
    NetworkConnections { device: i64 },
    Users { device: i64 },
    Vulnerabilities { device: i64 },
}

impl Endpoint for DeviceDetail {
    fn command(&self) -> &'static str {
        match self {
            Self::AttackAvenues { .. } => "List Device Attack Avenues",
            Self::NetworkConnections { .. } => "List Device Network Connections",
            Self::Users { .. } => "List Device Users",
            Self::Vulnerabilities { .. } => "List Device Vulnerabilities",
        }
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        let (template, device) = match *self {
            Self::AttackAvenues { device } => ("/console/elements/device/{deviceId}/attackavenues/", device),
            Self::NetworkConnections { device } => ("/console/elements/device/{deviceId}/networkConnections/", device),
            Self::Users { device } => ("/console/elements/device/{deviceId}/users/", device),
            Self::Vulnerabilities { device } => ("/console/elements/device/{deviceId}/vulnerabilities/", device),
        };
        VendorRequest::get(template).with_id(device)
    }

    fn page_size(&self) -> Option<PageSize> {
        matches!(self, Self::AttackAvenues { .. }).then_some(PageSize { parameter: "size", rows: 100 })
    }
}

/// The tenant's scanners.
#[derive(Debug)]
pub(crate) struct Scanners;

impl Endpoint for Scanners {
    fn command(&self) -> &'static str {
        "List Scanners"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        VendorRequest::get("/console/scanSurface/scanners/")
    }
}

/// The inputs that users asked to scan, and the targets found for them.
#[derive(Debug)]
pub(crate) struct ScanSurface {
    /// `None` for all scanners.
    pub(crate) scanner: Option<i64>,
}

impl Endpoint for ScanSurface {
    fn command(&self) -> &'static str {
        "List Scan Surfaces"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        let mut request = VendorRequest::get("/console/scanSurface/");
        request.query("scannerId", self.scanner);
        request
    }
}

/// The ports found open on current targets.
#[derive(Debug)]
pub(crate) struct TargetPorts;

impl Endpoint for TargetPorts {
    fn command(&self) -> &'static str {
        "List Current Targets Ports"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        VendorRequest::get("/console/scanSurface/currentTargets/ports/")
    }
}

/// A new scan of all that users asked to scan.
#[derive(Debug)]
pub(crate) struct Rescan {
    /// `None` for every active scanner.
    pub(crate) scanner: Option<i64>,
}

impl Endpoint for Rescan {
    fn command(&self) -> &'static str {
        "Patch Rescan"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        match self.scanner {
            // No document gives this request a body, and each gives the other one.
            Some(scanner) => VendorRequest::patch("/console/scanSurface/rescan/{scannerId}/", None).with_id(scanner),
            None => VendorRequest::patch("/console/scanSurface/rescan/", Some(json!({}))),
        }
    }
}

/// A target's new scan scope.
#[derive(Debug)]
pub(crate) struct TargetScope {
    pub(crate) target: i64,
    /// `In`, `Out` or `All`; the vendor takes it in upper case.
    pub(crate) scope: String,
}

impl Endpoint for TargetScope {
    fn command(&self) -> &'static str {
        "Update Target Scan Scope"
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        let body = json!({ "scope": self.scope.to_ascii_uppercase() });
        VendorRequest::patch("/console/scanSurface/currentTargets/{targetId}/", Some(body)).with_id(self.target)
    }
}

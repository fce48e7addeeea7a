//! The vendor's endpoints; what differs between the generations is settled here.

use serde_json::json;
use soar_connector::Warning;

use super::endpoint::{Endpoint, PageSize, Request};
use super::{Generation, RiskLevel};

/// Who is logged in. The reply carries tokens.
#[derive(Debug)]
pub(crate) struct Session;

impl Endpoint for Session {
    fn command(&self) -> &'static str {
        "Test Connection"
    }

    fn request(&self, _: Generation, _: &mut Vec<Warning>) -> Request {
        Request::get("/common/auth/session/")
    }
}

/// The tenants that the user can act in.
#[derive(Debug)]
pub(crate) struct Tenants;

impl Endpoint for Tenants {
    fn command(&self) -> &'static str {
        "List Tenants"
    }

    fn request(&self, _: Generation, _: &mut Vec<Warning>) -> Request {
        Request::get("/common/auth/session/accounts/")
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

    fn depends_on_generation(&self) -> bool {
        self.risk_level.is_some()
    }

    fn request(&self, generation: Generation, _: &mut Vec<Warning>) -> Request {
        let mut request = Request::get("/console/elements/contexts/technical/");
        let name = match generation {
            Generation::Legacy => "risk_level",
            Generation::Current => "riskLevel",
        };
        request.query(name, self.risk_level.and_then(|level| level.value(generation)));
        request
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

    fn request(&self, _: Generation, _: &mut Vec<Warning>) -> Request {
        Request::get("/console/elements/contexts/technical/{contextId}/").with_id(self.id)
    }
}

/// Which devices to list, in either generation's terms.
#[derive(Debug, Default)]
pub(crate) struct DeviceFilter {
    pub(crate) ip: Option<String>,
    pub(crate) page_size: Option<i64>,
    pub(crate) risk_level: Option<RiskLevel>,
    pub(crate) scan_type: Option<String>,
    pub(crate) scanner_id: Option<i64>,
    pub(crate) scope: Option<String>,
    pub(crate) show_devices_with_no_apps: Option<bool>,
    pub(crate) sort_column: Option<String>,
    pub(crate) sort_direction: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) status: Option<Vec<String>>,
    pub(crate) tags: Option<String>,
    pub(crate) responds_to_icmp_ping: Option<String>,
}

/// The discovered devices.
#[derive(Debug)]
pub(crate) struct Devices {
    /// `None` lists all of them, in the server's order.
    pub(crate) filter: Option<DeviceFilter>,
    pub(crate) page_size: Option<i64>,
}

impl Endpoint for Devices {
    fn command(&self) -> &'static str {
        "List Devices"
    }

    fn depends_on_generation(&self) -> bool {
        self.filter.is_some()
    }

    fn request(&self, generation: Generation, warnings: &mut Vec<Warning>) -> Request {
        let mut request = Request::get("/console/elements/devices/");
        let Some(filter) = &self.filter else {
            request.query("pageSize", self.page_size);
            return request;
        };
        let mut left_out = |name: &str, age: &str| {
            warnings.push(Warning {
                code: "filter-field-ignored".to_owned(),
                message: format!(
                    "Filter.{name} was left out: this instance is too {age} for it, so it did not filter."
                ),
            });
        };
        let current = generation == Generation::Current;
        request.query("filter", filter.ip.as_ref());
        request.query("pageSize", self.page_size);
        request.query("riskLevel", filter.risk_level.and_then(|level| level.value(generation)));
        request.query("scanType", filter.scan_type.as_ref());
        request.query("scannerId", filter.scanner_id);
        request.query("scope", filter.scope.as_ref());
        if current && filter.show_devices_with_no_apps.is_some() {
            left_out("showDevicesWithNoApps", "new");
        } else {
            request.query("showDevicesWithNoApps", filter.show_devices_with_no_apps);
        }
        if !current && filter.sort_column.as_deref() == Some("ip") {
            left_out("sortColumn", "old");
        } else {
            request.query("sortColumn", filter.sort_column.as_ref());
        }
        request.query("sortDirection", filter.sort_direction.as_ref());
        request.query("source", filter.source.as_ref());
        for (name, value) in [
            ("status", filter.status.as_ref().map(|states| states.join(","))),
            ("tags", filter.tags.clone()),
            ("respondsToICMPPing", filter.responds_to_icmp_ping.clone()),
        ] {
            if !current && value.is_some() {
                left_out(name, "old");
            } else {
                request.query(name, value);
            }
        }
        request
    }

    fn page_size(&self) -> Option<PageSize> {
        Some(PageSize { parameter: "pageSize", rows: 100 })
    }
}

/// What can be asked about one device.
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

    fn request(&self, _: Generation, _: &mut Vec<Warning>) -> Request {
        let (template, device) = match *self {
            Self::AttackAvenues { device } => ("/console/elements/device/{deviceId}/attackavenues/", device),
            Self::NetworkConnections { device } => ("/console/elements/device/{deviceId}/networkConnections/", device),
            Self::Users { device } => ("/console/elements/device/{deviceId}/users/", device),
            Self::Vulnerabilities { device } => ("/console/elements/device/{deviceId}/vulnerabilities/", device),
        };
        Request::get(template).with_id(device)
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

    fn request(&self, _: Generation, _: &mut Vec<Warning>) -> Request {
        Request::get("/console/scanSurface/scanners/")
    }
}

/// What users asked to scan, and the targets that came of it.
#[derive(Debug)]
pub(crate) struct ScanSurface {
    /// `None` for all scanners.
    pub(crate) scanner: Option<i64>,
}

impl Endpoint for ScanSurface {
    fn command(&self) -> &'static str {
        "List Scan Surfaces"
    }

    fn request(&self, _: Generation, _: &mut Vec<Warning>) -> Request {
        let mut request = Request::get("/console/scanSurface/");
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

    fn request(&self, _: Generation, _: &mut Vec<Warning>) -> Request {
        Request::get("/console/scanSurface/currentTargets/ports/")
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

    fn request(&self, _: Generation, _: &mut Vec<Warning>) -> Request {
        match self.scanner {
            Some(scanner) => Request::patch("/console/scanSurface/rescan/{scannerId}/").with_id(scanner),
            None => Request::patch("/console/scanSurface/rescan/"),
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

    fn request(&self, _: Generation, _: &mut Vec<Warning>) -> Request {
        Request {
            body: Some(json!({ "scope": self.scope.to_ascii_uppercase() })),
            ..Request::patch("/console/scanSurface/currentTargets/{targetId}/").with_id(self.target)
        }
    }
}

//! List Devices: the one endpoint whose arguments differ so much between instances that their form is asked for first.

use soar_connector::Warning;

use super::endpoint::{Endpoint, PageSize, VendorRequest};
use super::{DeviceForm, LevelProof, RiskLevel};

/// Which devices to list, in the terms of all forms of the endpoint.
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

/// All devices of a tenant, those without applications too, where the instance lists them on request.
#[derive(Debug)]
pub(crate) struct EveryDevice {
    /// `None` for the devices of all scanners.
    pub(crate) scanner: Option<i64>,
}

impl Endpoint for EveryDevice {
    fn command(&self) -> &'static str {
        "List Devices"
    }

    fn depends_on_form(&self) -> bool {
        true
    }

    fn request(&self, form: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        let mut request = VendorRequest::get("/console/elements/devices/");
        request.query("scannerId", self.scanner);
        if !form.takes_tags {
            // Its name in documents up to 7.18.0, and the one that took its place in 7.17.35.
            request.query("showDevicesWithNoApps", Some(true));
            request.query("deviceApps", Some("all"));
        }
        request
    }

    fn page_size(&self) -> Option<PageSize> {
        Some(PageSize { parameter: "pageSize", rows: 100 })
    }
}

impl Endpoint for Devices {
    fn command(&self) -> &'static str {
        "List Devices"
    }

    fn depends_on_form(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| {
            matches!(filter.risk_level, Some(RiskLevel::All | RiskLevel::Unknown))
                || filter.show_devices_with_no_apps.is_some()
                || filter.sort_column.as_deref() == Some("ip")
                || filter.status.is_some()
                || filter.tags.is_some()
                || filter.responds_to_icmp_ping.is_some()
        })
    }

    fn request(&self, form: DeviceForm, warnings: &mut Vec<Warning>) -> VendorRequest {
        let mut request = VendorRequest::get("/console/elements/devices/");
        let Some(filter) = &self.filter else {
            request.query("pageSize", self.page_size);
            return request;
        };
        let mut known = |is_known: bool, name: &str, age: &str, is_given: bool| {
            if !is_known && is_given {
                warnings.push(Warning {
                    code: "filter-field-ignored".to_owned(),
                    message: format!(
                        "Filter.{name} was left out: this instance is too {age} for it, so it did not filter."
                    ),
                });
            }
            is_known && is_given
        };
        request.query("filter", filter.ip.as_ref());
        request.query("pageSize", self.page_size);
        let is_newer = form.takes_tags;
        request.query(
            "riskLevel",
            filter.risk_level.and_then(|level| if is_newer { level.newer() } else { Some(level.older()) }),
        );
        request.query("scanType", filter.scan_type.as_ref());
        request.query("scannerId", filter.scanner_id);
        request.query("scope", filter.scope.as_ref());
        if let Some(without_apps) = filter.show_devices_with_no_apps
            && known(!is_newer, "showDevicesWithNoApps", "new", true)
        {
            // Its name in documents up to 7.18.0, and the one that took its place in 7.17.35.
            request.query("showDevicesWithNoApps", Some(without_apps));
            request.query("deviceApps", Some(if without_apps { "all" } else { "withApps" }));
        }
        let is_by_address = filter.sort_column.as_deref() == Some("ip");
        if !is_by_address || known(is_newer, "sortColumn", "old", true) {
            request.query("sortColumn", filter.sort_column.as_ref());
        }
        request.query("sortDirection", filter.sort_direction.as_ref());
        request.query("source", filter.source.as_ref());
        if known(form.takes_status, "status", "old", filter.status.is_some()) {
            request.query("status", filter.status.as_ref().map(|states| states.join(",")));
        }
        if known(is_newer, "tags", "old", filter.tags.is_some()) {
            request.query("tags", filter.tags.as_ref());
        }
        if known(is_newer, "respondsToICMPPing", "old", filter.responds_to_icmp_ping.is_some()) {
            request.query("respondsToICMPPing", filter.responds_to_icmp_ping.as_ref());
        }
        request
    }

    fn level_proof(&self) -> Option<LevelProof> {
        LevelProof::new(self.filter.as_ref()?.risk_level, &["riskLevel"])
    }

    fn input_of(&self, parameter: &str) -> String {
        match parameter {
            "filter" => "Filter.ip".to_owned(),
            other => format!("Filter.{other}"),
        }
    }

    fn page_size(&self) -> Option<PageSize> {
        Some(PageSize { parameter: "pageSize", rows: 100 })
    }
}

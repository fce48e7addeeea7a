//! List Devices: a page, or all, of the devices, filtered and sorted as the Filter says.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::CommandHandler;
use super::probe::Probe;
use super::scanner_choice::{give_up, is_known};
use crate::session::Call;
use crate::vendor::{DeviceFilter, Devices, Failure, RiskLevel};

pub(super) struct ListDevices;

#[async_trait]
impl CommandHandler for ListDevices {
    fn probe(&self) -> Probe {
        Probe::Ask(Box::new(Devices { filter: None, page_size: None }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let filter = parameters.object("Filter").map(device_filter);
        if let Some(scanner) = filter.as_ref().and_then(|filter| filter.scanner_id) {
            // The vendor would silently list the devices of all scanners.
            if !is_known(scanner, call).await? {
                give_up(call, &format!("{scanner} is not in List Scanners"))?;
            }
        }
        let page_size = page_size(parameters, filter.as_ref())?;
        call.read_list(&Devices { filter, page_size }, parameters).await
    }
}

/// The page size, which has two places to be given in.
fn page_size(parameters: &Parameters, filter: Option<&DeviceFilter>) -> Result<Option<i64>, Failure> {
    match (parameters.integer("Page Size"), filter.and_then(|filter| filter.page_size)) {
        (Some(size), Some(other)) if size != other => Err(Failure::new(
            "invalid-parameter",
            format!("Page Size: expected the same as Filter.pageSize, or only one of them, found {size} and {other}."),
        )),
        (size, other) => Ok(size.or(other)),
    }
}

fn device_filter(fields: &Parameters) -> DeviceFilter {
    let text = |name| fields.text(name).map(str::to_owned);
    DeviceFilter {
        ip: text("ip"),
        page_size: fields.integer("pageSize"),
        risk_level: fields.text("riskLevel").and_then(RiskLevel::parse),
        scan_type: text("scanType"),
        scanner_id: fields.integer("scannerId"),
        scope: text("scope"),
        show_devices_with_no_apps: fields.boolean("showDevicesWithNoApps"),
        sort_column: text("sortColumn"),
        sort_direction: text("sortDirection"),
        source: text("source"),
        status: fields.list("status").map(<[String]>::to_vec),
        tags: text("tags"),
        responds_to_icmp_ping: text("respondsToICMPPing"),
    }
}

//! List Vulnerabilities: all findings of a tenant, one row per finding and device.

use async_trait::async_trait;
use soar_connector::Parameters;
use soar_connector::name::quoted;

use super::CommandHandler;
use super::probe::Probe;
use crate::findings::{
    Device, DeviceChoice, Fit, Presence, RiskReport, VulnerabilityFilter, VulnerabilityRow, collect, every_device,
};
use crate::session::Call;
use crate::vendor::{DeviceDetail, Failure};

pub(super) struct ListVulnerabilities;

#[async_trait]
impl CommandHandler for ListVulnerabilities {
    fn probe(&self) -> Probe {
        Probe::about("List Devices", |device| Box::new(DeviceDetail::Vulnerabilities { device }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let filter = VulnerabilityFilter::read(parameters)?;
        let choice = DeviceChoice::new(parameters.list("Device"));
        let known = known_devices(parameters.list("Known Devices").unwrap_or_default())?;
        let mut devices = every_device(None, call).await?;
        let report = match parameters.boolean("Contextual Risk Report") {
            Some(true) => Some(RiskReport::read(call).await),
            _ => None,
        };
        let mut others = report.as_ref().map(|report| report.other_devices(&devices)).unwrap_or_default();
        let unlisted = choice.unknown(&others);
        for given in choice.unknown(&devices).into_iter().filter(|given| unlisted.contains(given)) {
            call.warn("device-not-listed", format!("No device has the id, name or IP address {}.", quoted(given)));
        }
        others.retain(|device| choice.has(device));
        let is_reported = |device: &Device| report.as_ref().is_some_and(|report| report.has_device(device.id));
        // Instances that count CVEs do not say whether closed findings count: what was known is read again.
        devices.retain(|device| {
            choice.has(device) && (device.cves != Some(0) || known.contains(&device.id) || is_reported(device))
        });
        let mut unknown = 0_u64;
        let mut keep = |device: &Device, row: &VulnerabilityRow| {
            let fit = filter.fit(row);
            unknown += u64::from(fit == Fit::Unknown);
            let members = || report.as_ref().map(|report| report.members(device, row)).unwrap_or_default();
            (fit != Fit::No).then(members)
        };
        collect((&devices, Presence::Listed), call, &mut keep).await?;
        if !others.is_empty() {
            collect((&others, Presence::Uncertain), call, &mut keep).await?;
        }
        if unknown > 0 {
            let text = format!("{unknown} rows lack a value that was filtered by, and are listed all the same.");
            call.warn("filter-unproven", text);
        }
        Ok(())
    }
}

fn known_devices(given: &[String]) -> Result<std::collections::HashSet<i64>, Failure> {
    let id = |text: &String| {
        text.parse().map_err(|_| {
            let text = format!("Known Devices: expected ids of devices, found {}.", quoted(text));
            Failure::new("invalid-parameter", text)
        })
    };
    given.iter().map(id).collect()
}

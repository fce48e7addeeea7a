//! List Vulnerabilities: all findings of a tenant, one row per finding and device.

use async_trait::async_trait;
use soar_connector::Parameters;
use soar_connector::name::quoted;

use super::Handler;
use super::probe::Probe;
use crate::findings::{DeviceChoice, FindingFilter, Fit, collect, every_device};
use crate::session::Call;
use crate::vendor::{DeviceDetail, Failure};

pub(super) struct ListVulnerabilities;

#[async_trait]
impl Handler for ListVulnerabilities {
    fn probe(&self) -> Probe {
        Probe::about("List Devices", |device| Box::new(DeviceDetail::Vulnerabilities { device }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let filter = FindingFilter::read(parameters)?;
        let choice = DeviceChoice::new(parameters.list("Device"));
        let known = known_devices(parameters.list("Known Devices").unwrap_or_default())?;
        let mut devices = every_device(None, call).await?;
        for given in choice.unknown(&devices) {
            call.warn("device-not-listed", format!("No device has the id, name or IP address {}.", quoted(given)));
        }
        // Instances that count CVEs do not say whether closed findings count: what was known is read again.
        devices.retain(|device| choice.has(device) && (device.cves != Some(0) || known.contains(&device.id)));
        let mut unknown = 0_u64;
        collect(&devices, call, |_, row| match filter.fit(row) {
            Fit::Yes => true,
            Fit::No => false,
            Fit::Unknown => {
                unknown += 1;
                true
            }
        })
        .await?;
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

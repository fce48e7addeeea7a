//! List Device Vulnerabilities: a page, or all, of a device's vulnerabilities.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::probe::Probe;
use super::{CommandHandler, required_integer};
use crate::session::Call;
use crate::vendor::{DeviceDetail, Failure};

pub(super) struct ListDeviceVulnerabilities;

#[async_trait]
impl CommandHandler for ListDeviceVulnerabilities {
    fn probe(&self) -> Probe {
        Probe::about("List Devices", |device| Box::new(DeviceDetail::Vulnerabilities { device }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let device = required_integer(parameters, "Device ID")?;
        call.read_list(&DeviceDetail::Vulnerabilities { device }, parameters).await
    }
}

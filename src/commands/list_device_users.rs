//! List Device Users: the user accounts on a device.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::probe::Probe;
use super::{CommandHandler, required_integer};
use crate::session::Call;
use crate::vendor::{DeviceDetail, Failure};

pub(super) struct ListDeviceUsers;

#[async_trait]
impl CommandHandler for ListDeviceUsers {
    fn probe(&self) -> Probe {
        Probe::about_agent(|device| Box::new(DeviceDetail::Users { device }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let device = required_integer(parameters, "Device ID")?;
        call.read_whole(&DeviceDetail::Users { device }).await
    }
}

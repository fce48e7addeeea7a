//! List Device Network Connections: what the agent on a device has seen.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::{Handler, required_integer};
use crate::session::Call;
use crate::vendor::{DeviceDetail, Failure};

pub(super) struct ListDeviceNetworkConnections;

#[async_trait]
impl Handler for ListDeviceNetworkConnections {
    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let device = required_integer(parameters, "Device ID")?;
        call.read_whole(&DeviceDetail::NetworkConnections { device }).await
    }
}

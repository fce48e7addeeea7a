//! List Device Attack Avenues: all of them, since there is no Page input although newer instances page them.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::probe::Probe;
use super::{CommandHandler, required_integer};
use crate::session::Call;
use crate::vendor::{DeviceDetail, Failure};

pub(super) struct ListDeviceAttackAvenues;

#[async_trait]
impl CommandHandler for ListDeviceAttackAvenues {
    fn probe(&self) -> Probe {
        Probe::about("List Devices", |device| Box::new(DeviceDetail::AttackAvenues { device }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let device = required_integer(parameters, "Device ID")?;
        call.read_whole(&DeviceDetail::AttackAvenues { device }).await
    }
}

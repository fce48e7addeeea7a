//! Computes the applications of a device: what its vulnerabilities are in, and some more.

use super::{device::Device, inventory::Inventory, words};

/// Application ids of one device are this many apart from the next device's.
const DEVICE_STEP: u64 = 100;

/// One application.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Application {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// 0 for software that listens nowhere.
    pub(crate) port: u16,
    /// Decides the row's small matters and oddities.
    pub(crate) roll: u64,
}

impl Inventory<'_> {
    /// The id of the device's application with this position among the words for software.
    pub(crate) fn application_id(&self, device: &Device, software: usize) -> u64 {
        device.id * DEVICE_STEP + software as u64 + 1
    }

    /// The device's applications.
    pub(crate) fn applications(&self, device: &Device) -> Vec<Application> {
        if device.rank.is_none() {
            return Vec::new();
        }
        let first = self.options.vulnerabilities.min(64);
        let vulnerable: Vec<u64> = (0..first).map(|number| self.vulnerability(device, number).element).collect();
        let is_there = |(index, id): &(usize, u64)| device.applications as usize > *index || vulnerable.contains(id);
        (0..words::SOFTWARE.len())
            .map(|index| (index, self.application_id(device, index)))
            .filter(is_there)
            .map(|(index, id)| {
                let (name, version, port, _) = words::SOFTWARE[index];
                Application { id, name, version, port, roll: device.roll.rotate_left(index as u32) }
            })
            .collect()
    }

    /// The device that has the application with this id, if the tenant has such an application.
    pub(crate) fn device_of_application(&self, id: u64) -> Option<Device> {
        let device = self.device_by_id(id / DEVICE_STEP)?;
        self.applications(&device).iter().any(|application| application.id == id).then_some(device)
    }
}

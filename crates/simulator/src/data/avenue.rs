//! Computes what an attack avenue (the vendor's "virtual vulnerability") of a device is.

use super::{
    device::Device,
    inventory::Inventory,
    moment::TODAY,
    random::{Topic, dice},
    vulnerability::STATES,
    words,
};

/// Attack avenue ids of one device are this many apart from the next device's.
const DEVICE_STEP: u64 = 100;

/// One attack avenue.
#[derive(Clone, Debug)]
pub(crate) struct Avenue {
    pub(crate) id: u64,
    /// The device's id.
    pub(crate) element: u64,
    pub(crate) title: &'static str,
    pub(crate) port: u16,
    /// The base score in tenths; 0 is merely informational.
    pub(crate) score: u8,
    /// The vendor's word.
    pub(crate) state: &'static str,
    /// Microseconds since 1970, as the next.
    pub(crate) discovered: u64,
    pub(crate) updated: u64,
    /// Percent.
    pub(crate) quality: u8,
    /// Decides the row's small matters and oddities.
    pub(crate) roll: u64,
}

impl Avenue {
    /// The base score as a text, such as `7.5`.
    pub(crate) fn base(&self) -> String {
        format!("{}.{}", self.score / 10, self.score % 10)
    }

    pub(crate) fn severity(&self) -> &'static str {
        match self.score {
            0 => "info",
            1..=39 => "low",
            40..=69 => "medium",
            70..=89 => "high",
            _ => "critical",
        }
    }
}

impl Inventory<'_> {
    /// The device's attack avenue with this number, from 0.
    pub(crate) fn avenue(&self, device: &Device, number: u32) -> Avenue {
        let id = device.id * DEVICE_STEP + u64::from(number) + 1;
        let mut dice = dice(self.options.seed, self.tenant, Topic::Avenue, id);
        let roll = dice.u64(..);
        let (title, port) = words::AVENUES[number as usize % words::AVENUES.len()];
        let discovered = device.discovered.max((TODAY - 40_000_000) * 1_000_000);
        Avenue {
            id,
            element: device.id,
            title,
            port,
            // Every fifth is informational.
            score: if number % 5 == 4 { 0 } else { dice.u8(20..=98) },
            state: STATES[if roll & 3 == 0 { (roll >> 2) as usize % 7 } else { 0 }],
            discovered,
            updated: discovered + dice.u64(..=TODAY * 1_000_000 - discovered),
            quality: [70, 75, 80, 95, 97, 99][dice.usize(..6)],
            roll,
        }
    }
}

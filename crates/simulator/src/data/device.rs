//! Computes what a device is: the facts that its rows, filters and sub-resources agree on.

use std::{borrow::Cow, net::Ipv4Addr};

use crate::Generation;

use super::{
    device_name::{NameParts, breaking},
    inventory::Inventory,
    moment::{FormattedTime, TODAY},
    random::{Topic, dice, one_of},
    words,
};

/// Numbers of ordinary devices start above this; below are devices without applications.
const FIRST: u32 = 50_000;
/// One device without applications for so many ordinary ones. Legacy and middle show them, on request.
const PER_DEVICE_WITHOUT_APPLICATIONS: u32 = 20;

/// Where what is known about a device came from, in the order of the filter's words after `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceSource {
    AgentBased = 1,
    Agentless,
    NessusImport,
}

/// A device's status, in the order of the filter's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceStatus {
    Decommissioned,
    NotSeenOnLastScan,
    Offline,
    Online,
}

/// One device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    pub(crate) id: u64,
    pub(crate) number: u32,
    /// Position in the default order, from 0; none for devices without applications.
    pub(crate) rank: Option<u32>,
    pub(crate) source: DeviceSource,
    pub(crate) status: DeviceStatus,
    /// 0 no, 1 not applicable, 2 yes: the order of the filter's words.
    pub(crate) ping: u8,
    /// 0 secure, 1 unknown (nonvisible), 2 vulnerable, 3 critical.
    pub(crate) risk: u8,
    pub(crate) address: Ipv4Addr,
    pub(crate) external: bool,
    pub(crate) scanned: bool,
    /// Number of the scanner that found it; 0 if none did.
    pub(crate) scanner: u32,
    /// A bit for each of the words' tags.
    pub(crate) tags: u8,
    /// Microseconds since 1970, as the next two.
    pub(crate) discovered: u64,
    pub(crate) last_seen: u64,
    pub(crate) last_scanned: u64,
    pub(crate) avenues: u32,
    pub(crate) applications: u32,
    /// Network connections are answered with an empty body.
    pub(crate) quiet: bool,
    pub(crate) parts: NameParts,
    /// Decides the row's small matters and oddities.
    pub(crate) roll: u64,
}

impl Device {
    pub(crate) fn is_agent(&self) -> bool {
        self.source == DeviceSource::AgentBased
    }

    /// The vendor's word for the kind of device.
    pub(crate) fn kind(&self) -> &'static str {
        if self.is_agent() { "AgentDevice" } else { "Server" }
    }

    /// The name shown; with oddities some that break naive programs.
    pub(crate) fn name(&self, oddities: bool) -> Cow<'static, str> {
        match self.breaking_name(oddities) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(self.parts.name()),
        }
    }

    /// The name that breaks naive programs, if it is this device's and oddities are on.
    pub(crate) fn breaking_name(&self, oddities: bool) -> Option<&'static str> {
        self.rank.filter(|_| oddities).and_then(breaking)
    }
}

impl Inventory<'_> {
    /// The id of the device at this position in the default order.
    pub(crate) fn device_id_at(&self, rank: u32) -> u64 {
        self.id(FIRST + self.options.devices.saturating_sub(rank))
    }

    /// The device at this position in the default order, newest first; from the number of devices on,
    /// those without applications follow.
    pub(crate) fn device_at(&self, rank: u32) -> Device {
        let devices = self.options.devices;
        if rank < devices {
            return self.device(FIRST + devices - rank, Some(rank));
        }
        let older = rank - devices;
        self.device(self.without_applications().saturating_sub(older), None)
    }

    /// The device with this id, if the tenant has it.
    pub(crate) fn device_by_id(&self, id: u64) -> Option<Device> {
        let number = self.number(id)?;
        let devices = self.options.devices;
        if (FIRST + 1..=FIRST + devices).contains(&number) {
            return Some(self.device(number, Some(FIRST + devices - number)));
        }
        let is_old =
            self.dialect().devices != Generation::Current && (1..=self.without_applications()).contains(&number);
        is_old.then(|| self.device(number, None))
    }

    /// How many devices have no applications and come on top of the others.
    pub(crate) fn without_applications(&self) -> u32 {
        self.options.devices / PER_DEVICE_WITHOUT_APPLICATIONS
    }

    fn device(&self, number: u32, rank: Option<u32>) -> Device {
        let mut dice = dice(self.options.seed, self.tenant, Topic::Device, u64::from(number));
        let roll = dice.u64(..);
        // Positions 0 to 3 are the known ids' devices.
        let source = match (rank, roll & 15) {
            (Some(0 | 2), _) | (Some(4..) | None, 0..=6) => DeviceSource::AgentBased,
            (Some(4..) | None, 15) => DeviceSource::NessusImport,
            _ => DeviceSource::Agentless,
        };
        let agent = source == DeviceSource::AgentBased;
        let scanner = match source {
            DeviceSource::Agentless => 1 + (roll >> 4) as u32 % self.options.scanners,
            _ => 0,
        };
        let external = scanner == 1;
        let (discovered, last_seen, last_scanned) = dates(&mut dice);
        Device {
            id: self.id(number),
            number,
            rank,
            source,
            status: status(rank, (roll >> 8) as u8 & 31),
            ping: match (agent, (roll >> 13) & 3) {
                (true, _) => 1,
                (false, 0) => 0,
                (false, _) => 2,
            },
            risk: [0, 0, 0, 1, 1, 2, 2, 3][(roll >> 16) as usize & 7],
            address: address(&mut dice, external),
            external,
            scanned: (roll >> 19) & 3 != 0,
            scanner,
            tags: if (roll >> 21) & 1 == 0 { 0 } else { (roll >> 22) as u8 & 63 & ((1 << words::TAGS.len()) - 1) },
            discovered,
            last_seen,
            last_scanned,
            avenues: match rank {
                Some(1) => 30,
                Some(3) => 0,
                _ => ((roll >> 28) as u32 & 7).saturating_sub(3),
            },
            applications: rank.map_or(0, |_| 1 + ((roll >> 31) as u32 & 31)),
            quiet: rank == Some(2) || (rank != Some(0) && agent && (roll >> 36) & 7 == 0),
            parts: NameParts {
                agent,
                pick: (roll >> 40) as u8,
                number: if number > FIRST { number - FIRST } else { number },
            },
            roll,
        }
    }
}

fn status(rank: Option<u32>, roll: u8) -> DeviceStatus {
    match (rank, roll) {
        (Some(0..=3), _) => DeviceStatus::Online,
        (_, 0) => DeviceStatus::Decommissioned,
        (_, 1..=4) => DeviceStatus::NotSeenOnLastScan,
        (_, 5..=10) => DeviceStatus::Offline,
        _ => DeviceStatus::Online,
    }
}

/// When a device was found, last seen and last scanned, in this order of time.
fn dates(dice: &mut fastrand::Rng) -> (u64, u64, u64) {
    let discovered = FormattedTime::before_today(dice, 2_500);
    let left = TODAY * 1_000_000 - discovered;
    let recent = left.min(20 * 86_400_000_000);
    let last_seen = TODAY * 1_000_000 - dice.u64(..=recent);
    let last_scanned = last_seen - dice.u64(..=(last_seen - discovered).min(86_400_000_000));
    (discovered, last_seen, last_scanned)
}

/// An address from the private ranges, or from the ranges kept for documentation as a public one.
fn address(dice: &mut fastrand::Rng, external: bool) -> Ipv4Addr {
    let (third, fourth) = (dice.u8(..), dice.u8(1..255));
    if external {
        return one_of(
            dice,
            &[
                Ipv4Addr::new(192, 0, 2, fourth),
                Ipv4Addr::new(198, 51, 100, fourth),
                Ipv4Addr::new(203, 0, 113, fourth),
            ],
        );
    }
    match dice.u8(..4) {
        0 => Ipv4Addr::new(192, 168, third, fourth),
        1 => Ipv4Addr::new(172, 16 + (third & 15), third, fourth),
        _ => Ipv4Addr::new(10, dice.u8(..), third, fourth),
    }
}

//! Computes what people asked to be scanned, and the targets that came of it.

use std::net::Ipv4Addr;

use super::{
    inventory::Inventory,
    random::{Topic, dice},
    words,
};

/// Targets of one entry have ids this many apart from the next entry's.
const TARGETS_STEP: u32 = 10;

/// One entry of the scan surface.
#[derive(Clone, Debug)]
pub(crate) struct SurfaceEntry {
    /// From 1.
    pub(crate) number: u32,
    pub(crate) id: u64,
    pub(crate) input: String,
    /// Numbers of the scanners it was given to.
    pub(crate) scanners: Vec<u32>,
    /// The third part of its targets' addresses.
    block: u8,
    pub(crate) external: bool,
    /// Decides the row's small matters and oddities.
    pub(crate) roll: u64,
}

/// One address that is scanned because of an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScanTarget {
    pub(crate) id: u64,
    pub(crate) address: Ipv4Addr,
    /// Decides the row's small matters and oddities.
    pub(crate) roll: u64,
}

impl SurfaceEntry {
    /// The first address of the range its targets are in.
    pub(crate) fn network(&self) -> Ipv4Addr {
        if self.external { Ipv4Addr::new(198, 51, 100, 0) } else { Ipv4Addr::new(10, 20, self.block, 0) }
    }
}

impl Inventory<'_> {
    /// The entry with this number, from 1; the highest come first in lists.
    pub(crate) fn entry(&self, number: u32) -> SurfaceEntry {
        let mut dice = dice(self.options.seed, self.tenant, Topic::Entry, u64::from(number));
        let roll = dice.u64(..);
        let scanners = self.entry_scanners(number);
        let external = scanners.contains(&1);
        let block = dice.u8(..);
        let site = words::pick(words::SITES, roll as usize);
        let role = words::pick(words::ROLES, (roll >> 8) as usize);
        let input = match (roll >> 16) & 3 {
            0 if external => format!("https://{role}{number}.example.com/"),
            1 if external => format!("{role}{number}@example.com"),
            0 => format!("{site}-{role}-{number}.internal.example"),
            _ if external => format!("198.51.100.{}/28", (number % 16) * 16),
            _ => format!("10.20.{block}.0/24"),
        };
        SurfaceEntry { number, id: self.id(number), input, scanners, block, external, roll }
    }

    /// The scanners of an entry: one by turns, every third entry a second one.
    pub(crate) fn entry_scanners(&self, number: u32) -> Vec<u32> {
        let count = self.options.scanners;
        let first = 1 + number % count;
        if number.is_multiple_of(3) { vec![first, 1 + (number + 1) % count] } else { vec![first] }
    }

    /// The current targets of an entry on one of its scanners: two on the first, one on the second.
    pub(crate) fn targets(&self, entry: &SurfaceEntry, scanner: u32) -> Vec<ScanTarget> {
        let slots = if entry.scanners.first() == Some(&scanner) { 0..2 } else { 2..3 };
        slots
            .map(|slot| {
                let number = entry.number * TARGETS_STEP + slot;
                let mut dice = dice(self.options.seed, self.tenant, Topic::Target, u64::from(number));
                let roll = dice.u64(..);
                let [a, b, c, _] = entry.network().octets();
                ScanTarget { id: self.id(number), address: Ipv4Addr::new(a, b, c, dice.u8(1..255)), roll }
            })
            .collect()
    }

    /// Whether the tenant has a current target with this id.
    pub(crate) fn has_target(&self, id: u64) -> bool {
        let Some(number) = self.number(id) else {
            return false;
        };
        let (entry, slot) = (number / TARGETS_STEP, number % TARGETS_STEP);
        let targets = if entry.is_multiple_of(3) { 3 } else { 2 };
        (1..=self.options.scan_surface_entries).contains(&entry) && slot < targets
    }
}

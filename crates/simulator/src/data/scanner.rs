//! Computes what a scanner is; the first four have fixed parts to play.

use super::{inventory::Inventory, words};

/// One scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scanner {
    /// From 1: the Cloud Scanner, an idle one, an inactive one, a busy one, then idle ones.
    pub(crate) number: u32,
    pub(crate) id: u64,
}

impl Scanner {
    pub(crate) fn is_cloud(self) -> bool {
        self.number == 1
    }

    pub(crate) fn is_active(self) -> bool {
        self.number != 3
    }

    /// Whether it runs an extend scan, which it does for ever.
    pub(crate) fn is_extending(self) -> bool {
        self.number == 4
    }

    /// The name people see.
    pub(crate) fn label(self) -> String {
        if self.is_cloud() {
            "Cloud Scanner".to_owned()
        } else {
            let site = words::pick(words::SITES, self.number as usize).to_uppercase();
            format!("{site} office scanner {}", self.number)
        }
    }

    pub(crate) fn host_name(self) -> String {
        if self.is_cloud() {
            "cloud-scanner.footprint.example".to_owned()
        } else {
            let site = words::pick(words::SITES, self.number as usize);
            format!("{site}-scanner-{:02}", self.number)
        }
    }
}

impl Inventory<'_> {
    /// All scanners of the tenant, by number.
    pub(crate) fn scanners(&self) -> impl Iterator<Item = Scanner> + '_ {
        (1..=self.options.scanners).map(|number| self.scanner(number))
    }

    /// The scanner with this id, if the tenant has it.
    pub(crate) fn scanner_by_id(&self, id: u64) -> Option<Scanner> {
        self.scanner_number(id).map(|number| self.scanner(number))
    }

    /// The scanner with this number.
    pub(crate) fn scanner(&self, number: u32) -> Scanner {
        Scanner { number, id: self.scanner_id(number) }
    }
}

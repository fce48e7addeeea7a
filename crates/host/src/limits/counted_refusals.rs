//! Counts refused calls without audit entries of their own.

use std::collections::BTreeMap;

use soar_store::model::{AuditEntry, Moment, Surface};

/// The address in an entry that counts calls from several addresses.
const SEVERAL: &str = "several addresses";

/// The count of one caller's refused calls without audit entries of their own.
#[derive(Debug)]
pub(super) struct CountedRefusals {
    address: String,
    /// The name of the key of all calls; empty where the keys differ.
    key: String,
    /// The surface of the first call.
    surface: Surface,
    /// The times of the first and the last call.
    first: Moment,
    last: Moment,
    calls: BTreeMap<(Surface, i64), u64>,
}

impl CountedRefusals {
    pub(super) fn new(address: &str, entry: &AuditEntry) -> Self {
        let AuditEntry { at, surface, .. } = *entry;
        let (address, key) = (address.to_owned(), entry.key.clone());
        Self { address, key, surface, first: at, last: at, calls: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, address: &str, entry: &AuditEntry) {
        if self.address != address {
            SEVERAL.clone_into(&mut self.address);
        }
        if self.key != entry.key {
            self.key.clear();
        }
        // Calls at the same time may be counted in another order.
        (self.first, self.last) = (self.first.min(entry.at), self.last.max(entry.at));
        *self.calls.entry((entry.surface, entry.status)).or_default() += 1;
    }

    pub(super) fn entry(self, at: Moment) -> AuditEntry {
        let total: u64 = self.calls.values().sum();
        let kinds =
            self.calls.iter().map(|((surface, status), count)| format!("{count} {surface} with status {status}"));
        let kinds: Vec<_> = kinds.collect();
        let (first, last) = (self.first, self.last);
        AuditEntry {
            address: self.address,
            key: self.key,
            accepted: false,
            reason: format!(
                "Refused calls counted in this entry, from {first} to {last}: {total} ({}).",
                kinds.join(", ")
            ),
            ..AuditEntry::new(at, self.surface, uuid::Uuid::now_v7().to_string())
        }
    }
}

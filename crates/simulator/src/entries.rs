//! Remembers what users added to the scan surface.

use std::sync::{PoisonError, RwLock};

/// An entry of the scan surface that a user added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AddedEntry {
    pub(crate) id: u64,
    pub(crate) tenant: u32,
    pub(crate) input: String,
    /// Numbers of the scanners it was given to.
    pub(crate) scanners: Vec<u32>,
    /// Microseconds since 1970.
    pub(crate) added: u64,
}

/// All added entries, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Entries(RwLock<Vec<AddedEntry>>);

impl Entries {
    /// Adds an entry; `make` gets the number of entries that were added before.
    pub(crate) fn add(&self, make: impl FnOnce(usize) -> AddedEntry) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let entry = make(all.len());
        all.push(entry);
    }

    /// The entries of a tenant, newest first.
    pub(crate) fn of_tenant(&self, tenant: u32) -> Vec<AddedEntry> {
        self.all().into_iter().rev().filter(|entry| entry.tenant == tenant).collect()
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> Vec<AddedEntry> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

//! Remembers the scan scopes that were set on targets.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

/// Whether a target is scanned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// Scanned; how every target starts.
    #[default]
    In,
    /// Not scanned any more.
    Out,
    /// The target and the range around it are scanned.
    All,
}

/// The scopes that differ from how targets start, by target id.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    changed: RwLock<BTreeMap<u64, Scope>>,
}

impl Scopes {
    /// Sets the scope of a target.
    pub(crate) fn set(&self, target: u64, scope: Scope) {
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        if scope == Scope::default() {
            changed.remove(&target);
        } else {
            changed.insert(target, scope);
        }
    }

    /// The scope of a target.
    pub(crate) fn get(&self, target: u64) -> Scope {
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
        changed.get(&target).copied().unwrap_or_default()
    }

    /// All scopes that were changed, ordered by target.
    pub(crate) fn all(&self) -> Vec<(u64, Scope)> {
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
        changed.iter().map(|(target, scope)| (*target, *scope)).collect()
    }
}

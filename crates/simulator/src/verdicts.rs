//! Remembers the states that users gave to vulnerabilities.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

/// A state that a user gave to a vulnerability.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Verdict {
    /// Position among the words for states.
    pub(crate) state: usize,
    /// The reason that was given with it.
    pub(crate) text: String,
    /// Microseconds since 1970.
    pub(crate) at: u64,
    /// How many rescans of the device had ended.
    pub(crate) rounds: usize,
}

/// The latest verdict on each vulnerability, by its id.
#[derive(Debug, Default)]
pub(crate) struct Verdicts(RwLock<BTreeMap<u64, Verdict>>);

impl Verdicts {
    pub(crate) fn set(&self, id: u64, verdict: Verdict) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(id, verdict);
    }

    pub(crate) fn of(&self, id: u64) -> Option<Verdict> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// All verdicts, ordered by id.
    pub(crate) fn all(&self) -> Vec<(u64, Verdict)> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(id, verdict)| (*id, verdict.clone())).collect()
    }
}

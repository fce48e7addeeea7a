//! Holds everything that one simulated instance knows and remembers.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::{
    Options, SimulatedUser, UserKind, clock::SimulatedClock, device_tags::DeviceTags, entries::Entries,
    fault::FaultPlan, recorder::RequestRecorder, scans::ScanRegistry, scopes::Scopes, tokens::TokenRegistry,
    users::users, verdicts::Verdicts,
};

/// One simulated instance; each part locks itself, briefly.
#[derive(Debug)]
pub(crate) struct SimulatedInstance {
    pub(crate) options: Options,
    pub(crate) users: Vec<SimulatedUser>,
    pub(crate) clock: SimulatedClock,
    pub(crate) tokens: TokenRegistry,
    pub(crate) scans: ScanRegistry,
    pub(crate) scopes: Scopes,
    pub(crate) verdicts: Verdicts,
    pub(crate) tags: DeviceTags,
    pub(crate) entries: Entries,
    pub(crate) recorder: RequestRecorder,
    pub(crate) faults: FaultPlan,
}

impl SimulatedInstance {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            users: users(options.seed),
            clock: SimulatedClock::default(),
            tokens: TokenRegistry::new(options.seed),
            scans: ScanRegistry::new(options.seed),
            scopes: Scopes::default(),
            verdicts: Verdicts::default(),
            tags: DeviceTags::default(),
            entries: Entries::default(),
            recorder: RequestRecorder::default(),
            faults: FaultPlan::default(),
            options,
        }
    }

    /// The user of this kind.
    pub(crate) fn user(&self, kind: UserKind) -> &SimulatedUser {
        // `users` makes one user for every kind, in the order of the kinds.
        &self.users[kind as usize]
    }

    /// A short text that changes when a caller changed something, and at no other time.
    pub(crate) fn state_fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.scans.started().hash(&mut hasher);
        self.scopes.all().hash(&mut hasher);
        self.verdicts.all().hash(&mut hasher);
        self.tags.all().hash(&mut hasher);
        self.entries.all().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

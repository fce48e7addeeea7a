//! Holds everything that one simulated instance knows and remembers.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::{
    Options, User, UserKind, clock::Clock, device_tags::DeviceTags, entries::Entries, fault::FaultPlan,
    recorder::Recorder, scans::Scans, scopes::Scopes, tokens::Tokens, users::users, verdicts::Verdicts,
};

/// One simulated instance; each part locks itself, briefly.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) users: Vec<User>,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    pub(crate) scans: Scans,
    pub(crate) scopes: Scopes,
    pub(crate) verdicts: Verdicts,
    pub(crate) tags: DeviceTags,
    pub(crate) entries: Entries,
    pub(crate) recorder: Recorder,
    pub(crate) faults: FaultPlan,
}

impl World {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            users: users(options.seed),
            clock: Clock::default(),
            tokens: Tokens::new(options.seed),
            scans: Scans::new(options.seed),
            scopes: Scopes::default(),
            verdicts: Verdicts::default(),
            tags: DeviceTags::default(),
            entries: Entries::default(),
            recorder: Recorder::default(),
            faults: FaultPlan::default(),
            options,
        }
    }

    /// The user of this kind.
    pub(crate) fn user(&self, kind: UserKind) -> &User {
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

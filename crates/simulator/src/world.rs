//! Holds everything that one simulated instance knows and remembers.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::{
    Options, User, UserKind, clock::Clock, fault::FaultPlan, recorder::Recorder, scans::Scans, scopes::Scopes,
    tokens::Tokens, users::users,
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

    /// A short text that changes when scans were started or scopes changed, and at no other time.
    pub(crate) fn state_fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.scans.started().hash(&mut hasher);
        self.scopes.all().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

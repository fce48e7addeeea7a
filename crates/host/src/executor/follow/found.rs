//! A claimed question about work, and what it found out.

use std::sync::Arc;
use std::time::Duration;

use soar_connector::{Outcome, Redactor, ReplyPage};
use soar_store::model::{Moment, Run, RunStatus};
use soar_store::{FollowedRun, FollowedSoFar, HeldRoom};

use super::super::shared::ExecutorState;

/// A claimed question, and the time of the claim.
#[derive(Debug)]
pub(in super::super) struct FollowClaim {
    pub(super) followed: FollowedRun,
    /// The time of the claim, by the database's clock.
    pub(super) at: Moment,
    /// The time of the claim, on the clock of elapsed time.
    pub(super) elapsed: Duration,
}

/// The end of a run.
pub(in super::super) struct FollowedEnd {
    pub(in super::super) run: Run,
    pub(super) status: RunStatus,
    pub(in super::super) outcome: Outcome,
    /// The pages of the outcome, for a watcher.
    pub(in super::super) pages: Vec<ReplyPage>,
    pub(in super::super) room: HeldRoom,
    pub(super) redactor: Arc<Redactor>,
}

/// What a question found out.
pub(super) enum FollowAnswer {
    Ended(Box<FollowedEnd>),
    SoFar(FollowedSoFar),
}

impl FollowClaim {
    /// The time on the database's clock, without a query.
    pub(super) fn now(&self, shared: &ExecutorState) -> Moment {
        self.at + shared.connections.clock.elapsed().saturating_sub(self.elapsed)
    }

    /// How long the work has been followed.
    pub(super) fn waited(&self, shared: &ExecutorState) -> Duration {
        let elapsed = shared.connections.clock.elapsed();
        shared.followed.waited(&self.followed, self.now(shared), elapsed)
    }
}

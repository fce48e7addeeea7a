//! Work that this host has claimed, from the claim until the result is stored.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use soar_store::model::{Moment, Schedule, ScheduleId, WorkItem};

/// Claimed due work, and the permit to run it. Dropping it frees the permit.
#[derive(Debug)]
pub struct Claim {
    pub(super) item: WorkItem,
    pub(super) schedule: Schedule,
    /// The time of the claim, by the database's clock.
    pub(super) claimed_at: Moment,
    /// The time of the claim, on the host's clock of elapsed time.
    pub(super) elapsed: Duration,
    pub(super) _held: HeldSchedule,
    pub(super) _place: OwnedSemaphorePermit,
}

impl Claim {
    /// The due work.
    #[must_use]
    pub fn item(&self) -> WorkItem {
        self.item
    }
}

/// The schedules whose work this host has claimed. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct InHand(Arc<Mutex<BTreeSet<ScheduleId>>>);

impl InHand {
    pub(super) fn schedules(&self) -> MutexGuard<'_, BTreeSet<ScheduleId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks a schedule as claimed until the returned value is dropped.
    pub(super) fn hold(&self, schedule: ScheduleId) -> HeldSchedule {
        self.schedules().insert(schedule);
        HeldSchedule { in_hand: self.clone(), schedule }
    }
}

/// A claimed schedule.
#[derive(Debug)]
pub(super) struct HeldSchedule {
    in_hand: InHand,
    schedule: ScheduleId,
}

impl Drop for HeldSchedule {
    fn drop(&mut self) {
        self.in_hand.schedules().remove(&self.schedule);
    }
}

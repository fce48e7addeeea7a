//! Work that this host has claimed: in hand from the claim until its result is written.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use soar_store::model::{Moment, Schedule, ScheduleId, WorkItem};

/// Due work that this host has claimed, and the place to run it. Dropped, the place is free again.
#[derive(Debug)]
pub struct Claim {
    pub(super) item: WorkItem,
    pub(super) schedule: Schedule,
    /// When it was claimed, by the database's clock.
    pub(super) claimed_at: Moment,
    /// The same moment on the host's clock of elapsed time.
    pub(super) elapsed: Duration,
    pub(super) _held: Held,
    pub(super) _place: OwnedSemaphorePermit,
}

impl Claim {
    /// What is due.
    #[must_use]
    pub fn item(&self) -> WorkItem {
        self.item
    }
}

/// The schedules whose work this host has in hand. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct InHand(Arc<Mutex<BTreeSet<ScheduleId>>>);

impl InHand {
    pub(super) fn schedules(&self) -> MutexGuard<'_, BTreeSet<ScheduleId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds a schedule's work until the value returned is dropped.
    pub(super) fn hold(&self, schedule: ScheduleId) -> Held {
        self.schedules().insert(schedule);
        Held { in_hand: self.clone(), schedule }
    }
}

/// One schedule in hand.
#[derive(Debug)]
pub(super) struct Held {
    in_hand: InHand,
    schedule: ScheduleId,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.in_hand.schedules().remove(&self.schedule);
    }
}

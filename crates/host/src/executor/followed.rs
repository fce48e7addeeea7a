//! What one process knows about the runs that it follows.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use soar_store::FollowedRun;
use soar_store::model::{Moment, RunId};

/// The runs that this process waits for, and when it wrote about a run last.
#[derive(Debug, Default)]
pub(super) struct Followed {
    waited_for: Mutex<BTreeSet<RunId>>,
    written: Mutex<HashMap<RunId, RecordTime>>,
}

/// A record of this process about a run.
#[derive(Debug, Clone, Copy)]
struct RecordTime {
    /// The time of the record, by the database's clock.
    at: Moment,
    /// The same time, on the clock of elapsed time.
    elapsed: Duration,
}

impl Followed {
    /// Marks a run as waited for until the returned value is dropped. Its waiter asks about it, so that the waiter gets
    /// the whole result.
    pub(super) fn wait_for(&self, run: RunId) -> WaitedFor<'_> {
        lock(&self.waited_for).insert(run);
        WaitedFor { followed: self, run }
    }

    /// The runs that waiters of this process ask about.
    pub(super) fn waited_for(&self) -> Vec<RunId> {
        lock(&self.waited_for).iter().copied().collect()
    }

    /// Notes that this process has written about a run.
    pub(super) fn note(&self, run: RunId, at: Moment, elapsed: Duration) {
        lock(&self.written).insert(run, RecordTime { at, elapsed });
    }

    /// Forgets a run that has ended.
    pub(super) fn forget(&self, run: RunId) {
        lock(&self.written).remove(&run);
    }

    /// How long the work of a run has been followed, at `now` on the database's clock and after `elapsed` on the clock
    /// of elapsed time. If this process wrote the last record, a database's clock that was set since does not matter.
    pub(super) fn waited(&self, run: &FollowedRun, now: Moment, elapsed: Duration) -> Duration {
        let written = lock(&self.written).get(&run.run).copied();
        let since = match written {
            Some(written) if written.at == run.written_at => elapsed.saturating_sub(written.elapsed),
            _ => now.since(run.written_at),
        };
        milliseconds(run.waited_ms) + since
    }
}

/// A duration of the store.
pub(super) fn milliseconds(stored: i64) -> Duration {
    Duration::from_millis(u64::try_from(stored).unwrap_or_default())
}

/// A run that is waited for.
pub(super) struct WaitedFor<'a> {
    followed: &'a Followed,
    run: RunId,
}

impl Drop for WaitedFor<'_> {
    fn drop(&mut self) {
        lock(&self.followed.waited_for).remove(&self.run);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

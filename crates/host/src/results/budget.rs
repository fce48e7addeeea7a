//! The budget of a query: its time, and the number of values that it may visit.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The longest time of a query.
const TIME: Duration = Duration::from_secs(2);

/// The most values that a query visits. It bounds the memory of the query too.
const VISITS: u64 = 500_000;

/// The budget of a query. It is shared by all values of the queried document.
#[derive(Debug)]
pub(super) struct Budget {
    deadline: Instant,
    visits: AtomicU64,
    is_spent: AtomicBool,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { deadline: Instant::now() + TIME, visits: AtomicU64::new(VISITS), is_spent: AtomicBool::new(false) }
    }

    /// Takes the visit of `count` values from the budget. `false` if the budget is spent.
    pub(super) fn visit(&self, count: usize) -> bool {
        if self.is_spent() {
            return false;
        }
        let cost = count as u64 + 1;
        let left = self.visits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost));
        if left.is_err() || Instant::now() > self.deadline {
            self.is_spent.store(true, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Whether the query stopped early.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent.load(Ordering::Relaxed)
    }
}

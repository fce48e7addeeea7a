//! Slots limit how many commands run at once for each connection and site, and how many may wait.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots of all connections, or of all sites.
#[derive(Debug)]
pub(super) struct Slots<K> {
    at_once: usize,
    waiting: usize,
    queues: Mutex<HashMap<K, Arc<Queue>>>,
}

#[derive(Debug)]
struct Queue {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// The queue is full.
#[derive(Debug)]
pub(super) struct Full {
    pub(super) at_once: usize,
    pub(super) waiting: usize,
}

/// Counts a waiting command until dropped, also where the wait is cancelled.
struct WaitingCount<'a>(&'a AtomicUsize);

impl Drop for WaitingCount<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl<K: Copy + Eq + Hash> Slots<K> {
    pub(super) fn new(at_once: usize, waiting: usize) -> Self {
        Self { at_once: at_once.clamp(1, Semaphore::MAX_PERMITS), waiting, queues: Mutex::default() }
    }

    /// Waits for a slot, first come, first served. Returns the slot's permit, and whether the command had to wait.
    /// Dropping the permit frees the slot.
    pub(super) async fn turn(&self, of: K) -> Result<(OwnedSemaphorePermit, bool), Full> {
        let queue = {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            // A queue that only this map refers to, and that has all slots free, is not in use.
            queues.retain(|id, queue| *id == of || Arc::strong_count(queue) > 1 || self.is_busy(queue));
            let new =
                || Arc::new(Queue { turns: Arc::new(Semaphore::new(self.at_once)), waiting: AtomicUsize::new(0) });
            Arc::clone(queues.entry(of).or_insert_with(new))
        };
        if let Ok(turn) = Arc::clone(&queue.turns).try_acquire_owned() {
            return Ok((turn, false));
        }
        let full = || Full { at_once: self.at_once, waiting: self.waiting };
        let room = |waiting| (waiting < self.waiting).then_some(waiting + 1);
        queue.waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, room).map_err(|_| full())?;
        let _waiting = WaitingCount(&queue.waiting);
        // The semaphore is never closed.
        Arc::clone(&queue.turns).acquire_owned().await.map(|turn| (turn, true)).map_err(|_| full())
    }

    /// The number of waiting commands.
    pub(super) fn waiting(&self) -> usize {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.values().map(|queue| queue.waiting.load(Ordering::Acquire)).sum()
    }

    fn is_busy(&self, queue: &Queue) -> bool {
        queue.turns.available_permits() < self.at_once
    }
}

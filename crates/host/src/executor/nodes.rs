//! The heartbeat of this process, its regular work beside running commands, and its shutdown.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use soar_store::StoreError;
use tracing::{info, warn};

use super::Executor;
use crate::even_clock::EvenClock;
use soar_store::model::RunId;

/// The number of runs deleted in one transaction.
const BATCH_SIZE: i64 = 500;

impl Executor {
    /// One heartbeat: renews this process's lease, marks the runs of dead processes as interrupted, cancels runs of
    /// this process whose cancellation was requested elsewhere, and drops the sessions of changed or deleted
    /// connections. Returns the number of interrupted runs.
    ///
    /// # Errors
    /// [`StoreError`]. The next heartbeat does the work.
    pub async fn beat(&self) -> Result<u64, StoreError> {
        let lease = Duration::from_secs(self.shared.settings.node_lease_seconds);
        let mut transaction = self.shared.store().transaction().await?;
        let mut records = transaction.records();
        // By the database's clock: a host whose own clock is ahead must not count the others as dead.
        let now = records.now().await?;
        records.node_lives(&self.shared.node, now).await?;
        let interrupted = records.interrupt_runs_of_the_dead(now - lease, now).await?;
        let to_cancel = records.runs_to_cancel(&self.shared.node).await?;
        transaction.commit().await?;
        self.shared.store().note_written();
        for run in to_cancel {
            self.cancel_here(run);
        }
        let versions: HashMap<_, _> =
            self.shared.store().reader().await?.records().connection_versions().await?.into_iter().collect();
        self.shared.connectors.keep(&versions);
        if interrupted > 0 {
            info!(interrupted, "runs of dead processes are marked as interrupted");
        }
        Ok(interrupted)
    }

    /// Deletes ended runs beyond the limits in the settings, by the database's clock and in small transactions. Returns
    /// their number.
    ///
    /// # Errors
    /// [`StoreError`]. Runs that were already deleted stay deleted.
    pub async fn forget_old_runs(&self) -> Result<u64, StoreError> {
        let settings = &self.shared.settings;
        let days = u64::try_from(settings.history_days).unwrap_or_default();
        let kept = Duration::from_secs(days.saturating_mul(24 * 60 * 60));
        let mut forgotten = 0;
        loop {
            let mut transaction = self.shared.store().transaction().await?;
            let mut records = transaction.records();
            let oldest = records.now().await? - kept;
            let batch = records.forget_runs(oldest, settings.history_runs.max(0), BATCH_SIZE).await?;
            transaction.commit().await?;
            forgotten += batch;
            if batch == 0 {
                return Ok(forgotten);
            }
        }
    }

    /// Whether data may be deleted by age: `clock`, the database's, was not set lately.
    async fn may_delete(&self, clock: &mut EvenClock) -> Result<bool, StoreError> {
        let now = self.shared.store().reader().await?.records().now().await?;
        Ok(clock.allows_deleting(now, self.shared.connections.clock.elapsed()))
    }

    /// Sends heartbeats and deletes old runs for ever. Spawn this future, and drop it after [`Executor::shutdown`].
    pub async fn keep_going(self) {
        /// About once an hour with the default settings.
        const BEATS_PER_CLEANING: u32 = 360;
        let (mut beats_to_cleaning, mut clock) = (0, EvenClock::default());
        loop {
            if let Err(error) = self.beat().await
                && !self.shared.store().note(&error)
            {
                warn!(%error, "a heartbeat could not be stored");
            }
            match self.may_delete(&mut clock).await {
                Ok(true) if beats_to_cleaning == 0 => {
                    beats_to_cleaning = BEATS_PER_CLEANING;
                    if let Err(error) = self.forget_old_runs().await
                        && !self.shared.store().note(&error)
                    {
                        warn!(%error, "old runs could not be deleted");
                    }
                }
                Ok(_) => {}
                Err(error) if self.shared.store().note(&error) => {}
                Err(error) => warn!(%error, "the database's clock could not be read"),
            }
            beats_to_cleaning = beats_to_cleaning.saturating_sub(1);
            self.shared.connections.clock.sleep(self.shared.settings.heartbeat()).await;
        }
    }

    /// Accepts no more commands, waits until all accepted commands have ended, and deletes this process's lease. Waiters
    /// for work in a product return, and other processes ask about the work.
    ///
    /// # Errors
    /// [`StoreError`] when the lease could not be deleted. The process counts as dead once it expires.
    pub async fn shutdown(&self) -> Result<(), StoreError> {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.stop_waiting();
        // The sender is in `shared`, so this cannot fail.
        let _ = self.shared.accepted.subscribe().wait_for(|count| *count == 0).await;
        let mut transaction = self.shared.store().transaction().await?;
        transaction.records().node_ended(&self.shared.node).await?;
        transaction.records().give_up_followed_runs(&self.shared.node).await?;
        transaction.commit().await
    }

    /// Cancels all runs of this process, for a shutdown whose time is over. Work in a product goes on.
    pub fn cancel_all(&self) {
        self.stop_waiting();
        let running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        for cancel in running.values() {
            cancel.send_replace(true);
        }
    }

    /// Cancels a run of this process. Returns whether this process runs it.
    pub fn cancel_here(&self, run: RunId) -> bool {
        let running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(&run).is_some_and(|cancel| {
            cancel.send_replace(true);
            true
        })
    }
}

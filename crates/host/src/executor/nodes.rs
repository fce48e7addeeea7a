//! Signs of life: what this process does regularly beside running commands, and at its end.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use soar_store::StoreError;
use tracing::{info, warn};

use super::Executor;
use crate::EvenClock;
use soar_store::model::RunId;

/// How many runs are forgotten in one transaction.
const BATCH: i64 = 500;

impl Executor {
    /// One sign of life: tells others that this process lives, marks the runs of dead processes as interrupted, cancels
    /// what other processes were asked to cancel here, and drops the sessions of connections that were changed or
    /// deleted. Says how many runs were interrupted.
    ///
    /// # Errors
    /// [`StoreError`]; the next one makes up for it.
    pub async fn beat(&self) -> Result<u64, StoreError> {
        let lease = Duration::from_secs(self.inner.settings.node_lease_seconds);
        let mut transaction = self.inner.store().transaction().await?;
        let mut records = transaction.records();
        // By the database's clock: a host whose own clock is ahead must not take the others for dead.
        let now = records.now().await?;
        records.node_lives(&self.inner.node, now).await?;
        let interrupted = records.interrupt_runs_of_the_dead(now - lease, now).await?;
        let to_cancel = records.runs_to_cancel(&self.inner.node).await?;
        transaction.commit().await?;
        self.inner.store().note_written();
        for run in to_cancel {
            self.cancel_here(run);
        }
        let versions: HashMap<_, _> =
            self.inner.store().reader().await?.records().connection_versions().await?.into_iter().collect();
        self.inner.connectors.keep(&versions);
        if interrupted > 0 {
            info!(interrupted, "runs of processes that have died are marked as interrupted");
        }
        Ok(interrupted)
    }

    /// Forgets ended runs that are older, or more, than the settings keep; says how many. For now and then: it deletes
    /// in small transactions.
    ///
    /// # Errors
    /// [`StoreError`]; what was forgotten stays forgotten.
    pub async fn forget_old_runs(&self) -> Result<u64, StoreError> {
        let settings = &self.inner.settings;
        let days = u64::try_from(settings.history_days).unwrap_or_default();
        let oldest = self.inner.now() - Duration::from_secs(days.saturating_mul(24 * 60 * 60));
        let mut forgotten = 0;
        loop {
            let mut transaction = self.inner.store().transaction().await?;
            let batch = transaction.records().forget_runs(oldest, settings.history_runs.max(0), BATCH).await?;
            transaction.commit().await?;
            forgotten += batch;
            if batch == 0 {
                return Ok(forgotten);
            }
        }
    }

    /// Gives signs of life for ever, and forgets old runs now and then; to be spawned, and dropped after
    /// [`Executor::shutdown`].
    pub async fn keep_going(self) {
        /// About once an hour with the default settings.
        const BEATS_PER_CLEANING: u32 = 360;
        let (mut beats_to_cleaning, mut clock) = (0, EvenClock::default());
        loop {
            if let Err(error) = self.beat().await
                && !self.inner.store().note(&error)
            {
                warn!(%error, "no sign of life could be given");
            }
            let may_delete = clock.allows_deleting(self.inner.now(), self.inner.connections.clock.elapsed());
            if beats_to_cleaning == 0 && may_delete {
                beats_to_cleaning = BEATS_PER_CLEANING;
                if let Err(error) = self.forget_old_runs().await
                    && !self.inner.store().note(&error)
                {
                    warn!(%error, "old runs could not be forgotten");
                }
            }
            beats_to_cleaning = beats_to_cleaning.saturating_sub(1);
            self.inner.connections.clock.sleep(self.inner.settings.heartbeat()).await;
        }
    }

    /// Starts nothing new, waits until everything accepted has ended, and signs this process off.
    ///
    /// # Errors
    /// [`StoreError`] when the process could not be signed off; it will count as dead then.
    pub async fn shutdown(&self) -> Result<(), StoreError> {
        self.inner.closed.store(true, Ordering::SeqCst);
        // The sender lives in `inner`, so this cannot fail.
        let _ = self.inner.accepted.subscribe().wait_for(|count| *count == 0).await;
        let mut transaction = self.inner.store().transaction().await?;
        transaction.records().node_ended(&self.inner.node).await?;
        transaction.commit().await
    }

    /// Cancels everything under way in this process; for a shutdown that has waited long enough.
    pub fn cancel_all(&self) {
        let running = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        for cancel in running.values() {
            cancel.send_replace(true);
        }
    }

    /// Cancels a run of this process; says whether it is one.
    pub fn cancel_here(&self, run: RunId) -> bool {
        let running = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(&run).is_some_and(|cancel| {
            cancel.send_replace(true);
            true
        })
    }
}

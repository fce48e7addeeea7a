//! Claims snapshots and makes them, several at once, until there are none left.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use soar_store::model::{CollectionId, FindingSnapshot, SnapshotStatus};
use soar_store::{SnapshotClaim, SnapshotEnd, StoreError, Trouble};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::collector::FindingCollector;

/// The lease of a claim, and the interval between renewals: as of other due work.
const LEASE: Duration = Duration::from_secs(15);
const RENEW: Duration = Duration::from_secs(4);

/// The interval between looks for snapshots that are free.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Attempts to store how a snapshot ended. After the last one the lease lapses, and another claim makes it again.
const ATTEMPTS: usize = 10;

impl FindingCollector {
    /// Makes the snapshots of a collection, together with other hosts, and returns once all have ended. `on_progress` gets
    /// the collection after each look.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish(
        &self,
        collection: CollectionId,
        on_progress: &(dyn Fn(&[FindingSnapshot]) + Send + Sync),
    ) -> Result<Vec<FindingSnapshot>, StoreError> {
        let mut running = JoinSet::new();
        loop {
            self.fill(Some(collection), &mut running).await?;
            let snapshots = self.store.reader().await?.records().finding_collection(collection).await?;
            on_progress(&snapshots);
            if snapshots.iter().all(|snapshot| snapshot.ended_at.is_some()) {
                return Ok(snapshots);
            }
            tokio::select! {
                Some(_) = running.join_next(), if !running.is_empty() => {}
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
        }
    }

    /// Makes the snapshots of all collections until `stop` is true. Claimed snapshots are then given up: another host
    /// makes them once the lease has lapsed.
    pub async fn serve(self, mut stop: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        while !*stop.borrow() {
            if let Err(error) = self.fill(None, &mut running).await
                && !self.store.note(&error)
            {
                tracing::error!("Due collections of findings could not be claimed: {error}");
            }
            tokio::select! {
                stopped = stop.wait_for(|stop| *stop) => {
                    if stopped.is_err() {
                        break;
                    }
                }
                Some(_) = running.join_next(), if !running.is_empty() => {}
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
        }
        running.shutdown().await;
    }

    /// Claims as many snapshots as there are free places, and begins them.
    async fn fill(&self, collection: Option<CollectionId>, running: &mut JoinSet<()>) -> Result<(), StoreError> {
        let places = usize::try_from(self.settings.at_once).unwrap_or(1);
        while running.len() < places {
            let mut transaction = self.store.transaction().await?;
            let claimed = transaction.records().claim_snapshot(collection, &self.node, LEASE).await?;
            transaction.commit().await?;
            let Some(claim) = claimed else { return Ok(()) };
            let collector = self.clone();
            running.spawn(async move { collector.make(claim).await });
        }
        Ok(())
    }

    /// Makes a claimed snapshot while its lease is renewed, and stores how it ended.
    async fn make(&self, claim: SnapshotClaim) {
        let tenant = (claim.feed.connection_id.0, claim.feed.tenant.clone());
        let collecting = AssertUnwindSafe(self.collect(&claim)).catch_unwind();
        let end = tokio::select! {
            end = collecting => end,
            () = self.hold(&claim) => {
                tracing::warn!(
                    ?tenant,
                    "Another host has taken over a tenant, because the lease had lapsed, or the tenant was removed."
                );
                return;
            }
        };
        let failed = |problem: String| SnapshotEnd {
            status: SnapshotStatus::Failed,
            problem: Some(problem),
            rows_read: 0,
            requests: 0,
        };
        let end = match end {
            Ok(Ok(end)) => end,
            Ok(Err(StoreError::Conflict(why))) => return tracing::warn!(?tenant, "{why}"),
            Ok(Err(error)) => {
                if !self.store.note(&error) {
                    tracing::error!(?tenant, "The findings of a tenant could not be stored: {error}");
                }
                let unknown = "The host's store failed. The host's log has the cause.";
                failed(error.trouble().map_or(unknown, Trouble::advice).to_owned())
            }
            Err(_) => failed("The host panicked. The host's log has the cause.".to_owned()),
        };
        for _ in 0..ATTEMPTS {
            match self.end(&claim, &end).await {
                Ok(()) | Err(StoreError::Conflict(_)) => return,
                Err(error) => {
                    self.store.note(&error);
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
            }
        }
    }

    async fn end(&self, claim: &SnapshotClaim, end: &SnapshotEnd) -> Result<(), StoreError> {
        let mut transaction = self.store.transaction().await?;
        transaction.records().end_snapshot(claim, end).await?;
        transaction.commit().await
    }

    /// Renews the lease of a claim. Returns once another host has taken over, or the tenant was removed.
    async fn hold(&self, claim: &SnapshotClaim) {
        loop {
            tokio::time::sleep(RENEW).await;
            if let Ok(false) = self.renew(claim).await {
                return;
            }
        }
    }

    async fn renew(&self, claim: &SnapshotClaim) -> Result<bool, StoreError> {
        let mut transaction = self.store.transaction().await?;
        let held = transaction.records().renew_snapshot(claim, LEASE).await?;
        transaction.commit().await?;
        Ok(held)
    }
}

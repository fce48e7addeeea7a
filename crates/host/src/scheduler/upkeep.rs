//! The regular work of a scheduler beside due checks and commands: alerts, times from a wrong clock, old history, metrics.

use futures_util::future::join_all;
use soar_store::StoreError;
use uuid::Uuid;

use super::core::Scheduler;
use crate::alerts::correct_message_times;

/// The number of old rows of a kind deleted in one transaction.
const DROPPED_TOGETHER: i64 = 2000;

impl Scheduler {
    /// Groups due alerts into messages and stores the messages. Returns their number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell(&self) -> Result<usize, StoreError> {
        let mut reader = self.store.reader().await?;
        let (now, rules) = (reader.records().now().await?, self.settings.gather);
        let groups = reader.records().alert_groups().await?;
        drop(reader);
        let mut written = 0;
        for group in groups.iter().filter(|group| group.due_event(now, rules).is_some()) {
            let mut transaction = self.store.transaction().await?;
            let id = Uuid::now_v7().to_string();
            written += usize::from(
                transaction.records().write_alert_message(group, &id, now, |group| group.due_event(now, rules)).await?,
            );
            transaction.commit().await?;
        }
        Ok(written)
    }

    /// Sends all due messages and waits for them. Returns the number of delivered messages.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliver(&self) -> Result<u64, StoreError> {
        let mut arrived = 0;
        loop {
            let taken = self.outbox.take().await?;
            if taken.is_empty() {
                return Ok(arrived);
            }
            let sent = join_all(taken.into_iter().map(|delivery| self.outbox.send(delivery))).await;
            arrived += sent.into_iter().map(u64::from).sum::<u64>();
        }
    }

    /// Computes due times again that were stored while the clock was ahead, and moves times of alerts in the future to
    /// now. Returns their number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn correct_times(&self) -> Result<u64, StoreError> {
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        let schedules = records.correct_due_times().await?;
        let alerts = records.correct_alert_times().await? + correct_message_times(&mut records).await?;
        transaction.commit().await?;
        if schedules + alerts > 0 {
            tracing::warn!(schedules, alerts, "Times that were stored by a clock that was ahead were corrected.");
        }
        Ok(schedules + alerts)
    }

    /// Deletes history beyond its retention time. Returns the number of rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_old_history(&self) -> Result<u64, StoreError> {
        let (mut gone, mut of_tenants) = (0, 0);
        loop {
            let mut transaction = self.store.transaction().await?;
            let mut records = transaction.records();
            let now = records.now().await?;
            let dropped = records.drop_old_history(self.settings.retention, now, DROPPED_TOGETHER).await?;
            transaction.commit().await?;
            let mut transaction = self.store.transaction().await?;
            let orphaned = transaction.records().prune_orphaned_findings(DROPPED_TOGETHER).await?;
            transaction.commit().await?;
            gone += dropped + orphaned;
            of_tenants += orphaned;
            if dropped + orphaned == 0 {
                if of_tenants > 0 {
                    let mut transaction = self.store.transaction().await?;
                    gone += transaction.records().prune_finding_texts().await?;
                    transaction.commit().await?;
                }
                return Ok(gone);
            }
        }
    }

    /// Sets the gauges of the store, and logs warnings about alerts that wait for long.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn measure(&self) -> Result<(), StoreError> {
        let mut reader = self.store.reader().await?;
        let backlog = reader.records().backlog().await?;
        let states = reader.records().health_counts().await?;
        let alerts = reader.records().undelivered().await?;
        drop(reader);
        self.alert_warnings.warn_of(alerts);
        self.metrics.set_gauges(backlog, &states, alerts);
        Ok(())
    }
}

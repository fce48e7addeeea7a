//! Sends changes of findings to webhooks, in batches, each until it arrives.

use std::sync::Arc;
use std::time::Duration;

use soar_store::model::{FindingChange, FindingSequence};
use soar_store::{FindingDelivery, LogPosition, StoreError};
use tokio::sync::watch;
use uuid::Uuid;

use crate::Refusal;
use crate::alerts::{ATTEMPT, Courier, WebhookBody, pause};
use crate::findings::formats::{FindingFormat, cut_to_batch, render};
use crate::operations::Operations;

/// The most changes in one batch.
const BATCH_SIZE: i64 = 500;

/// The lease of a delivery. It is longer than the timeout of an attempt.
const LEASE: Duration = Duration::from_secs(60);

/// The interval between looks for due deliveries.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Sends changes of findings. Several hosts can share a store.
pub(crate) struct FindingDeliverer {
    pub(crate) operations: Operations,
    pub(crate) courier: Arc<dyn Courier>,
    pub(crate) node: String,
}

impl FindingDeliverer {
    pub(crate) fn new(operations: Operations, courier: Arc<dyn Courier>) -> Self {
        Self { operations, courier, node: Uuid::now_v7().to_string() }
    }

    /// Sends due batches until `stop` is true.
    pub(crate) async fn serve(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.send_next().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    if !self.operations.store.note(&error) {
                        tracing::error!("Changes of findings could not be delivered: {error}");
                    }
                }
            }
            tokio::select! {
                stopped = stop.wait_for(|stop| *stop) => {
                    if stopped.is_err() {
                        break;
                    }
                }
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
        }
    }

    /// Sends the next due batch. Returns whether there was one.
    pub(crate) async fn send_next(&self) -> Result<bool, StoreError> {
        let store = &self.operations.store;
        let mut transaction = store.transaction().await?;
        let claimed = transaction.records().claim_finding_delivery(&self.node, LEASE).await?;
        transaction.commit().await?;
        let Some(delivery) = claimed else { return Ok(false) };
        let mut reader = store.reader().await?;
        let position = reader.records().log_position(delivery.after).await?;
        drop(reader);
        match position {
            LogPosition::Valid => {}
            LogPosition::Pruned(next) | LogPosition::Beyond(next) => {
                let problem =
                    format!("The changes after {} are not in the log. It goes on from {next}.", delivery.after);
                tracing::warn!(destination = delivery.destination, "{problem}");
                self.arrived(&delivery, next, Some(&problem)).await?;
                return Ok(true);
            }
        }
        let (changes, through) = match self.batch(&delivery).await {
            Ok(batch) => batch,
            Err(Refusal::Store(error)) => return Err(error),
            Err(why) => {
                self.failed(&delivery, &why.to_string()).await?;
                return Ok(true);
            }
        };
        if changes.is_empty() {
            self.arrived(&delivery, through, None).await?;
            return Ok(true);
        }
        let sent = match self.body(&delivery, changes, through).await {
            Ok((body, through)) => {
                let mut transaction = store.transaction().await?;
                transaction.records().begin_finding_batch(delivery.id, through).await?;
                transaction.commit().await?;
                self.send(&delivery, body, through).await.map(|()| through)
            }
            Err(problem) => Err(problem),
        };
        match sent {
            Ok(through) => self.arrived(&delivery, through, None).await?,
            Err(problem) => self.failed(&delivery, &problem).await?,
        }
        Ok(true)
    }

    /// The changes of the next batch, and its last number. A batch whose sending has begun stays the same.
    ///
    /// # Errors
    /// [`Refusal::Unable`] when the delivery's user may see no findings now.
    async fn batch(&self, delivery: &FindingDelivery) -> Result<(Vec<FindingChange>, FindingSequence), Refusal> {
        let mut reader = self.operations.store.reader().await?;
        let mut records = reader.records();
        let feeds = self.operations.feeds_of_delivery(&mut records, delivery.user_id).await?;
        let (mut changes, mut through) = records.finding_changes(&feeds, delivery.after, BATCH_SIZE).await?;
        if let Some(begun) = delivery.through {
            changes.retain(|change| change.sequence <= begun);
            through = begun;
        }
        Ok((changes, through))
    }

    /// The body of a batch, and its last number.
    async fn body(
        &self,
        delivery: &FindingDelivery,
        changes: Vec<FindingChange>,
        through: FindingSequence,
    ) -> Result<(WebhookBody, FindingSequence), String> {
        let format: FindingFormat = delivery.format.parse()?;
        let unreadable = |error: serde_json::Error| error.to_string();
        let mut shown = self.operations.shown_changes(changes).await.map_err(|why: Refusal| why.to_string())?;
        let cut = match delivery.through {
            None => cut_to_batch(format, &mut shown).map_err(unreadable)?,
            Some(_) => None,
        };
        let bytes = render(format, &shown, true).map_err(unreadable)?;
        Ok((WebhookBody { media_type: format.media_type(), bytes }, cut.unwrap_or(through)))
    }

    async fn send(
        &self,
        delivery: &FindingDelivery,
        body: WebhookBody,
        through: FindingSequence,
    ) -> Result<(), String> {
        let webhook = delivery.destination.strip_prefix("webhook:").unwrap_or(&delivery.destination);
        let now = soar_store::model::Moment::from(self.operations.clock.now());
        let id = through.to_string();
        let sending = self.courier.post(webhook, &id, body, now);
        tokio::time::timeout(ATTEMPT, sending).await.unwrap_or_else(|_| {
            Err(format!("{} did not accept the changes within {} s.", delivery.destination, ATTEMPT.as_secs()))
        })
    }

    async fn failed(&self, delivery: &FindingDelivery, problem: &str) -> Result<(), StoreError> {
        tracing::warn!(destination = delivery.destination, attempts = delivery.attempts + 1, "{problem}");
        let mut transaction = self.operations.store.transaction().await?;
        let wait = pause(delivery.attempts);
        transaction.records().finding_batch_failed(delivery.id, &self.node, problem, wait).await?;
        transaction.commit().await
    }

    async fn arrived(
        &self,
        delivery: &FindingDelivery,
        after: FindingSequence,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.operations.store.transaction().await?;
        transaction.records().finding_batch_arrived(delivery.id, &self.node, after, problem).await?;
        transaction.commit().await
    }
}

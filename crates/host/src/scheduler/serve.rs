//! Runs a scheduler's loops until it is stopped.

use std::sync::Arc;
use std::time::Duration;

use soar_store::StoreError;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Scheduler;
use crate::EvenClock;

/// The interval between looks for due work.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The least interval between looks while all permits are in use, so that one look can use several free permits.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The interval between looks at alerts and messages.
const ROUND: Duration = Duration::from_secs(1);

/// The time for which a shutdown waits for messages that are being sent.
const LAST_DELIVERIES: Duration = Duration::from_secs(3);

/// The interval between updates of the gauges.
const MEASURE: Duration = Duration::from_secs(5);

/// The interval between deletions of old history.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

impl Scheduler {
    /// Runs until `stop` is true or its sender is dropped, and then finishes claimed work. While the store fails, the
    /// scheduler waits.
    pub async fn serve(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut rounds = JoinSet::new();
        rounds.spawn(Arc::clone(&self).rounds());
        rounds.spawn(Arc::clone(&self).measure_rounds());
        let delivering = tokio::spawn(Arc::clone(&self).delivery_rounds(stop.clone()));
        rounds.spawn(Arc::clone(&self).housekeeping_rounds());
        let renewing = tokio::spawn(Arc::clone(&self).renew_rounds());
        let mut running = JoinSet::new();
        // A look is never cancelled, since its claimed work must run.
        while !*stop.borrow() {
            let look = self.note(self.look().await);
            let is_full = look.as_ref().is_some_and(|look| look.is_full);
            for claim in look.into_iter().flat_map(|look| look.claims) {
                let scheduler = Arc::clone(&self);
                running.spawn(async move { scheduler.run(claim).await });
            }
            let mut pause = std::pin::pin!(self.pause(is_full));
            loop {
                tokio::select! {
                    stopped = stop.wait_for(|stop| *stop) => {
                        drop(stopped);
                        break;
                    }
                    () = &mut pause => break,
                    Some(_) = running.join_next(), if !running.is_empty() => {}
                    Some(_) = rounds.join_next(), if !rounds.is_empty() => {
                        tracing::error!("A task of the scheduler panicked. Restart the host.");
                    }
                }
            }
            if stop.has_changed().is_err() {
                break;
            }
        }
        rounds.shutdown().await;
        // Running work is finished, and its leases are renewed until then.
        while running.join_next().await.is_some() {}
        renewing.abort();
        let _ = renewing.await;
        if delivering.await.is_err() {
            tracing::error!("The task that delivers alerts panicked.");
        }
    }

    /// Waits until the next look. The wait is shorter if all permits were in use and one is free again.
    async fn pause(&self, is_full: bool) {
        let place = async {
            self.clock.sleep(LOOK_AGAIN).await;
            drop(self.places.acquire().await);
        };
        tokio::select! {
            () = self.clock.sleep(POLL_INTERVAL) => {}
            () = place, if is_full => {}
        }
    }

    async fn renew_rounds(self: Arc<Self>) {
        loop {
            self.note(self.renew().await);
            self.clock.sleep(self.settings.renew).await;
        }
    }

    async fn rounds(self: Arc<Self>) {
        loop {
            self.note(self.tell().await);
            self.clock.sleep(ROUND).await;
        }
    }

    async fn measure_rounds(self: Arc<Self>) {
        loop {
            self.note(self.measure().await);
            self.clock.sleep(MEASURE).await;
        }
    }

    /// Sends messages until `stop` is true. A destination that does not answer delays no other destination.
    async fn delivery_rounds(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut sending = JoinSet::new();
        while !*stop.borrow() {
            for delivery in self.note(self.outbox.take().await).unwrap_or_default() {
                let outbox = Arc::clone(&self.outbox);
                sending.spawn(async move { outbox.send(delivery).await });
            }
            tokio::select! {
                stopped = stop.wait_for(|stop| *stop) => {
                    if stopped.is_err() {
                        break;
                    }
                }
                () = self.clock.sleep(ROUND) => {}
                // The destination may have more messages.
                Some(_) = sending.join_next() => {}
            }
        }
        // A delivered message whose result is not stored would be sent again.
        let finished = async { while sending.join_next().await.is_some() {} };
        tokio::select! {
            () = finished => {}
            () = self.clock.sleep(LAST_DELIVERIES) => {}
        }
    }

    async fn housekeeping_rounds(self: Arc<Self>) {
        let mut clock = EvenClock::default();
        loop {
            self.note(self.housekeep(&mut clock).await);
            self.clock.sleep(HOUSEKEEPING).await;
        }
    }
}

impl Scheduler {
    /// Corrects times from a wrong clock. Deletes old history unless `clock`, the database's, was set lately.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn housekeep(&self, clock: &mut EvenClock) -> Result<(), StoreError> {
        self.correct_times().await?;
        let now = self.store.reader().await?.records().now().await?;
        if clock.allows_deleting(now, self.clock.elapsed()) {
            self.drop_old_history().await?;
        }
        Ok(())
    }

    /// Logs an error. The next round tries again.
    fn note<T>(&self, result: Result<T, StoreError>) -> Option<T> {
        let logged = result.inspect_err(|error| {
            if !self.store.note(error) {
                tracing::error!("The scheduler could not use the store: {error}");
            }
        });
        logged.ok()
    }
}

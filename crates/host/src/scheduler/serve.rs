//! Running a scheduler: its rounds, each at its own pace, until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use soar_store::StoreError;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Scheduler;
use crate::EvenClock;

/// Between two looks at what is due.
const LOOK: Duration = Duration::from_secs(1);

/// Between two looks where all places were filled: so much at the least, so that places come free together.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Between two looks at alerts and at messages.
const ROUND: Duration = Duration::from_secs(1);

/// How long a host that ends waits for the messages that it is sending.
const LAST_DELIVERIES: Duration = Duration::from_secs(3);

/// Between two looks at how much waits, for the gauges.
const MEASURE: Duration = Duration::from_secs(5);

/// Between two looks at what is too old to keep.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

impl Scheduler {
    /// Runs until `stop` is true (or nobody is left to set it), and then finishes what it claimed. A store that fails
    /// is waited for.
    pub async fn serve(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut rounds = JoinSet::new();
        rounds.spawn(Arc::clone(&self).rounds());
        rounds.spawn(Arc::clone(&self).measure_rounds());
        let delivering = tokio::spawn(Arc::clone(&self).delivery_rounds(stop.clone()));
        rounds.spawn(Arc::clone(&self).housekeeping_rounds());
        let renewing = tokio::spawn(Arc::clone(&self).renew_rounds());
        let mut running = JoinSet::new();
        // A look is never broken off: what it claimed is run.
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
                        tracing::error!("A part of the scheduler broke down. Start the host again.");
                    }
                }
            }
            if stop.has_changed().is_err() {
                break;
            }
        }
        rounds.shutdown().await;
        // What runs is finished, and stays this node's until then.
        while running.join_next().await.is_some() {}
        renewing.abort();
        let _ = renewing.await;
        if delivering.await.is_err() {
            tracing::error!("The delivery of alerts broke down.");
        }
    }

    /// Until the next look: sooner where all places were filled and one of them is free again.
    async fn pause(&self, is_full: bool) {
        let place = async {
            self.clock.sleep(LOOK_AGAIN).await;
            drop(self.places.acquire().await);
        };
        tokio::select! {
            () = self.clock.sleep(LOOK) => {}
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

    /// Sends messages until `stop` is true. A destination that does not answer delays no other, and no round.
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
                // The destination may have further messages.
                Some(_) = sending.join_next() => {}
            }
        }
        // A message that was taken, and whose note is missing, would be sent again.
        let finished = async { while sending.join_next().await.is_some() {} };
        tokio::select! {
            () = finished => {}
            () = self.clock.sleep(LAST_DELIVERIES) => {}
        }
    }

    async fn housekeeping_rounds(self: Arc<Self>) {
        let mut clock = EvenClock::default();
        loop {
            self.note(self.keep_house(&mut clock).await);
            self.clock.sleep(HOUSEKEEPING).await;
        }
    }
}

impl Scheduler {
    /// Corrects times from a wrong clock, and drops old history unless `clock`, the database's, was set of late.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_house(&self, clock: &mut EvenClock) -> Result<(), StoreError> {
        self.correct_times().await?;
        let now = self.store.reader().await?.records().now().await?;
        if clock.allows_deleting(now, self.clock.elapsed()) {
            self.drop_old_history().await?;
        }
        Ok(())
    }

    /// A round that failed is noted; the next may do better.
    fn note<T>(&self, result: Result<T, StoreError>) -> Option<T> {
        let told = result.inspect_err(|error| {
            if !self.store.note(error) {
                tracing::error!("The scheduler could not use the store: {error}");
            }
        });
        told.ok()
    }
}

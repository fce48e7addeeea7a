//! Running a scheduler: its rounds, each at its own pace, until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use soar_store::StoreError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::Scheduler;

/// Between two looks at what is due: so much at the least, so that due times come together, and so much at the most,
/// since another process may have changed a schedule.
const LEAST: Duration = Duration::from_millis(100);
const MOST: Duration = Duration::from_secs(1);

/// Between two looks at what was left behind, and at whom to tell.
const ROUND: Duration = Duration::from_secs(1);

/// Between two looks at how much waits, for the gauges.
const MEASURE: Duration = Duration::from_secs(5);

/// Between two looks at what is too old to keep.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

/// How many items the queue may bring before they are taken.
const BROUGHT: usize = 256;

impl Scheduler {
    /// Runs until `stop` is true (or nobody is left to set it), and then finishes what it claimed. A store that fails
    /// is waited for.
    pub async fn serve(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let (taker, mut brought) = mpsc::channel(BROUGHT);
        let mut rounds = JoinSet::new();
        rounds.spawn(Arc::clone(&self).hand_out_rounds());
        rounds.spawn(Arc::clone(&self).renew_rounds());
        rounds.spawn(Arc::clone(&self).rounds());
        rounds.spawn(Arc::clone(&self).measure_rounds());
        rounds.spawn(Arc::clone(&self).delivery_rounds());
        rounds.spawn(Arc::clone(&self).housekeeping_rounds());
        let queue = Arc::clone(&self.queue);
        rounds.spawn(async move { queue.serve(taker).await });
        let mut taken = JoinSet::new();
        loop {
            tokio::select! {
                stopped = stop.wait_for(|stop| *stop) => {
                    drop(stopped);
                    break;
                }
                item = brought.recv() => {
                    let Some(item) = item else { break };
                    let scheduler = Arc::clone(&self);
                    taken.spawn(async move {
                        if let Err(error) = scheduler.take(item).await
                            && !scheduler.store.note(&error)
                        {
                            tracing::warn!(schedule = item.schedule, "Due work could not be claimed: {error}");
                        }
                    });
                }
                Some(_) = taken.join_next(), if !taken.is_empty() => {}
                Some(_) = rounds.join_next(), if !rounds.is_empty() => {
                    tracing::error!("A part of the scheduler broke down. Start the host again.");
                }
            }
        }
        brought.close();
        // What is claimed stays this node's until it is done: all rounds but those that say so end.
        rounds.abort_all();
        let renewing = tokio::spawn(Arc::clone(&self).renew_rounds());
        // What waits for its turn does not begin any more, and what runs is finished.
        self.places.close();
        while taken.join_next().await.is_some() {}
        renewing.abort();
        self.note(self.give_back().await);
    }

    async fn hand_out_rounds(self: Arc<Self>) {
        loop {
            let next = self.hand_out().await;
            let pause = match self.note(next) {
                Some(Some(due)) => due.since(self.now()),
                Some(None) | None => MOST,
            };
            self.clock.sleep(pause.clamp(LEAST, MOST)).await;
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
            self.note(self.take_over().await);
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

    /// By itself: a mail server that does not answer keeps nothing else waiting.
    async fn delivery_rounds(self: Arc<Self>) {
        loop {
            self.note(self.deliver().await);
            self.clock.sleep(ROUND).await;
        }
    }

    async fn housekeeping_rounds(self: Arc<Self>) {
        loop {
            self.note(self.drop_old_history().await);
            self.clock.sleep(HOUSEKEEPING).await;
        }
    }
}

impl Scheduler {
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

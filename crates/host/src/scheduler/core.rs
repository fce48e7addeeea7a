//! The scheduler: hands out what is due, takes over what dead nodes left, runs it, and tells who is to be told.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use metrics::{NoopRecorder, with_local_recorder};
use soar_connector::Clock;
use soar_store::model::{CheckResult, Moment, RunReport, Schedule, ScheduleKind, ScheduleRunStatus, WorkItem};
use soar_store::{Ran, Store, StoreError, WorkQueue};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::measure::count;
use super::recorder::{Finished, Recorder};
use super::settings::{Runner, SchedulerSettings};
use crate::alerts::{Courier, deliver_due};

/// How many due times are handed out in one transaction.
const TOGETHER: i64 = 500;

/// How many old rows of a kind are dropped in one transaction.
const DROPPED_TOGETHER: i64 = 2000;

/// After so long without handing out anything the scheduler is stuck: it does so once a second at least.
const STUCK: Duration = Duration::from_secs(60);

/// Between attempts to write a result while the store fails.
const PAUSE: Duration = Duration::from_secs(1);

/// Hands out, runs and records what is due. Several of them, on several nodes, share a store: each due time is run once.
pub struct Scheduler {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) queue: Arc<dyn WorkQueue>,
    pub(super) settings: SchedulerSettings,
    runner: Arc<dyn Runner>,
    courier: Arc<dyn Courier>,
    recorder: Recorder,
    pub(super) metrics: Arc<dyn metrics::Recorder + Send + Sync>,
    node: String,
    pub(super) places: Semaphore,
    in_hand: AtomicI64,
    /// When what was due was handed out last, on the clock's elapsed time in milliseconds.
    handed_out_at: AtomicU64,
}

impl std::fmt::Debug for Scheduler {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Scheduler").field("node", &self.node).finish_non_exhaustive()
    }
}

impl Scheduler {
    /// A scheduler with a node name of its own. Must be called within a Tokio runtime.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        queue: Arc<dyn WorkQueue>,
        runner: Arc<dyn Runner>,
        courier: Arc<dyn Courier>,
        settings: SchedulerSettings,
    ) -> Self {
        let recorder = Recorder::start(store.clone());
        // A process that starts again is another node: what the former had claimed is not its own.
        let node = Uuid::now_v7().to_string();
        let places = Semaphore::new(settings.at_once);
        let (metrics, in_hand) = (Arc::new(NoopRecorder), AtomicI64::new(0));
        let handed_out_at = AtomicU64::new(elapsed(&*clock));
        Self { store, clock, queue, settings, runner, courier, recorder, metrics, node, places, in_hand, handed_out_at }
    }

    /// Counts there what it does.
    #[must_use]
    pub fn counting(mut self, metrics: Arc<dyn metrics::Recorder + Send + Sync>) -> Self {
        self.metrics = metrics;
        self
    }

    /// This node's name.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    /// How many due times this node has claimed and not yet finished.
    #[must_use]
    pub fn in_hand(&self) -> i64 {
        self.in_hand.load(Ordering::Relaxed)
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment::from(self.clock.now())
    }

    /// Hands out what is due; when the next is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hand_out(&self) -> Result<Option<Moment>, StoreError> {
        loop {
            let next = self.store.reader().await?.records().next_due().await?;
            if next.is_none_or(|due| due > self.now()) {
                self.handed_out_at.store(elapsed(&*self.clock), Ordering::Relaxed);
                return Ok(next);
            }
            let mut transaction = self.store.transaction().await?;
            let items = transaction.records().hand_out_due(self.now(), TOGETHER).await?;
            transaction.commit().await?;
            if !items.is_empty() {
                self.queue.enqueue(&items).await?;
            }
        }
    }

    /// For how long nothing could be handed out, where that is so long that the scheduler is stuck.
    #[must_use]
    pub fn stuck(&self) -> Option<Duration> {
        let last = Duration::from_millis(self.handed_out_at.load(Ordering::Relaxed));
        Some(self.clock.elapsed().saturating_sub(last)).filter(|since| *since >= STUCK)
    }

    /// Gives back what this node claimed and has not begun, for any node: it is not going to.
    ///
    /// # Errors
    /// [`StoreError`]: others take it over then, once the claims have run out.
    pub(super) async fn give_back(&self) -> Result<(), StoreError> {
        let mut transaction = self.store.transaction().await?;
        let items = transaction.records().release_claims(&self.node, self.now()).await?;
        transaction.commit().await?;
        if items.is_empty() { Ok(()) } else { self.queue.enqueue(&items).await }
    }

    /// Hands out again what was lost on its way, and what nodes had that do not say any more that they live. What may
    /// not run twice is written as interrupted instead.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_over(&self) -> Result<(), StoreError> {
        let now = self.now();
        let mut transaction = self.store.transaction().await?;
        let taken = transaction.records().take_over(now, milliseconds_of(self.settings.patience)).await?;
        for (item, node) in taken.lost {
            let schedule = transaction.records().schedule(item.schedule).await?;
            let report = RunReport {
                output: "null".to_owned(),
                error: Some(format!(
                    "{} failed.\nStatus Code: N/A.\nMessage: The process that ran it ended before it was done. Nobody \
                     knows how far it came: check before you repeat it.",
                    schedule.what.command
                )),
                request_id: String::new(),
            };
            let ran = Ran { started_at: item.due_at, ended_at: now, node };
            transaction.records().finish_run(item, &schedule, ScheduleRunStatus::Interrupted, &report, &ran).await?;
        }
        transaction.commit().await?;
        if !taken.again.is_empty() {
            tracing::info!(count = taken.again.len(), "Due work that nobody finished is handed out again.");
            self.queue.enqueue(&taken.again).await?;
        }
        Ok(())
    }

    /// Says that this node lives and still works on what it claimed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew(&self) -> Result<(), StoreError> {
        if self.in_hand() == 0 {
            return Ok(());
        }
        let mut transaction = self.store.transaction().await?;
        transaction.records().renew_claims(&self.node, self.claimed_until()).await?;
        transaction.commit().await
    }

    fn claimed_until(&self) -> Moment {
        self.now() + self.settings.claim
    }

    /// Runs one item that the queue brought, if it is not another's; whether its result was written by this node.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be claimed: it is handed out again.
    pub async fn take(&self, item: WorkItem) -> Result<bool, StoreError> {
        let Some(schedule) = self.recorder.claim(item, &self.node, self.claimed_until()).await? else {
            return Ok(false);
        };
        let _in_hand = InHand::one_more(&self.in_hand);
        let Ok(_place) = self.places.acquire().await else { return Ok(false) };
        let started_at = self.now();
        let finished = self.run_one(&schedule).await;
        let ran = Ran { started_at, ended_at: self.now(), node: self.node.clone() };
        with_local_recorder(&*self.metrics, || count(&finished, started_at.since(item.due_at)));
        // Whatever happens to the store meanwhile: as long as this process lives, what it found out is not lost.
        loop {
            match self.recorder.finish(item, &schedule, finished.clone(), ran.clone()).await {
                Ok(written) => return Ok(written),
                Err(error) if self.store.note(&error) => {}
                Err(error) => tracing::error!(schedule = item.schedule, "A result could not be written yet: {error}"),
            }
            self.clock.sleep(PAUSE).await;
        }
    }

    /// A connector that panics has failed; its work must not stay claimed for ever.
    async fn run_one(&self, schedule: &Schedule) -> Finished {
        let command = &schedule.what.command;
        let panicked = || {
            format!(
                "{command} failed.\nStatus Code: N/A.\nMessage: The command ended in a defect of the connector. See the log."
            )
        };
        match schedule.what.kind {
            ScheduleKind::HealthCheck => {
                let check = AssertUnwindSafe(self.runner.check(schedule)).catch_unwind().await;
                Finished::Check(check.unwrap_or_else(|_| CheckResult {
                    latency_ms: 0,
                    error: Some(panicked()),
                    expiring: None,
                }))
            }
            ScheduleKind::Command => {
                let run = AssertUnwindSafe(self.runner.run(schedule)).catch_unwind().await;
                let report = run.unwrap_or_else(|_| RunReport {
                    output: "null".to_owned(),
                    error: Some(panicked()),
                    request_id: String::new(),
                });
                let status =
                    if report.error.is_some() { ScheduleRunStatus::Failed } else { ScheduleRunStatus::Successful };
                Finished::Run(status, report)
            }
        }
    }

    /// Decides who is told what, and writes the messages; how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell(&self) -> Result<usize, StoreError> {
        let (now, rules) = (self.now(), self.settings.gather);
        let groups = self.store.reader().await?.records().alert_groups().await?;
        let mut told = 0;
        for group in groups.iter().filter(|group| group.tell(now, rules).is_some()) {
            let mut transaction = self.store.transaction().await?;
            let id = Uuid::now_v7().to_string();
            told += usize::from(transaction.records().tell(group, &id, now, |group| group.tell(now, rules)).await?);
            transaction.commit().await?;
        }
        Ok(told)
    }

    /// Sends the messages that are to be sent; how many arrived.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliver(&self) -> Result<u64, StoreError> {
        if !self.store.reader().await?.records().has_messages_due(self.now()).await? {
            return Ok(0);
        }
        deliver_due(&self.store, self.courier.as_ref(), self.now()).await
    }

    /// Drops history that is older than it is kept; how many rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_old_history(&self) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let mut transaction = self.store.transaction().await?;
            let dropped =
                transaction.records().drop_old_history(self.settings.retention, self.now(), DROPPED_TOGETHER).await?;
            transaction.commit().await?;
            gone += dropped;
            if dropped == 0 {
                return Ok(gone);
            }
        }
    }
}

fn elapsed(clock: &dyn Clock) -> u64 {
    u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn milliseconds_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

/// Counts one more in hand for as long as it lives.
struct InHand<'a>(&'a AtomicI64);

impl<'a> InHand<'a> {
    fn one_more(count: &'a AtomicI64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

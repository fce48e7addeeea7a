//! The scheduler: claims due work, runs it, and sends the alerts that follow.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use metrics::{NoopRecorder, with_local_recorder};
use soar_connector::Clock;
use soar_store::model::{CheckResult, RunReport, Schedule, ScheduleId, ScheduleKind, ScheduleRunStatus};
use soar_store::{Holder, Ran, Store, StoreError};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::claim::{Claim, InHand};
use super::measure::{WARN_AFTER, count};
use super::recorder::{Recorder, WorkResult};
use super::settings::{Runner, SchedulerSettings};
use crate::alerts::{Courier, Outbox, correct_message_times};

/// How many old rows of a kind are dropped in one transaction.
const DROPPED_TOGETHER: i64 = 2000;

/// After so long without a look at what is due the scheduler is stuck: it looks once a second.
const STUCK: Duration = Duration::from_secs(60);

/// Between attempts to write a result while the store fails.
const PAUSE: Duration = Duration::from_secs(1);

/// Claims, runs and records what is due. Several of them, on several nodes, share a store: each due time is run once.
pub struct Scheduler {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: SchedulerSettings,
    runner: Arc<dyn Runner>,
    pub(super) outbox: Arc<Outbox>,
    recorder: Recorder,
    pub(super) metrics: Arc<dyn metrics::Recorder + Send + Sync>,
    node: String,
    pub(super) places: Arc<Semaphore>,
    in_hand: InHand,
    /// When it last looked for due work, on the clock's elapsed time in milliseconds.
    looked_at: AtomicU64,
    /// The log tells of alerts that wait once the oldest has waited for so many seconds.
    pub(super) warn_after: AtomicU64,
}

/// What a look at due work found.
#[derive(Debug)]
pub struct Look {
    /// To be run.
    pub claims: Vec<Claim>,
    /// Whether all places were filled, so that more may be due.
    pub is_full: bool,
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
        runner: Arc<dyn Runner>,
        courier: Arc<dyn Courier>,
        settings: SchedulerSettings,
    ) -> Self {
        let recorder = Recorder::start(store.clone());
        // A process that starts again is another node: what the former had claimed is not its own.
        let node = Uuid::now_v7().to_string();
        let places = Arc::new(Semaphore::new(settings.at_once));
        let (metrics, in_hand) = (Arc::new(NoopRecorder), InHand::default());
        let looked_at = AtomicU64::new(milliseconds_of(clock.elapsed()).cast_unsigned());
        let outbox = Arc::new(Outbox::new(store.clone(), Arc::clone(&clock), courier));
        let warn_after = AtomicU64::new(WARN_AFTER.as_secs());
        Self { store, clock, settings, runner, outbox, recorder, metrics, node, places, in_hand, looked_at, warn_after }
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
    pub fn in_hand(&self) -> usize {
        self.in_hand.schedules().len()
    }

    /// Claims due work, as much as there are free places to run it. Work that must not be repeated and whose host died is
    /// written as interrupted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&self) -> Result<Look, StoreError> {
        let begun = self.clock.elapsed();
        // Nobody else takes places.
        let free = self.places.available_permits();
        let in_hand = self.in_hand.schedules().clone();
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        let now = records.now().await?;
        let elapsed = self.clock.elapsed();
        let due = records.claim_due(self.holder(&in_hand), now, free).await?;
        for (item, schedule, node) in due.lost {
            let why = "The process that ran it ended before it was done. Nobody knows how far it came: check before you \
                       repeat it.";
            let ran = Ran { started_at: item.due_at, ended_at: now, node };
            let report = failed(&schedule, why);
            records.finish_run(item, &schedule, ScheduleRunStatus::Interrupted, &report, &ran).await?;
        }
        for (item, schedule, why) in due.unplanned {
            tracing::error!(
                schedule = schedule.id.0,
                "A schedule does not run, since its next due time is not known: {why}"
            );
            let ran = Ran { started_at: now, ended_at: now, node: self.node.clone() };
            records.record_run(item, &schedule, ScheduleRunStatus::Failed, &failed(&schedule, &why), &ran).await?;
        }
        transaction.commit().await?;
        let after = self.clock.elapsed();
        self.looked_at.store(milliseconds_of(after).cast_unsigned(), Ordering::Relaxed);
        let is_full = due.claimed.len() == free;
        let mut claims = Vec::with_capacity(due.claimed.len());
        if after.saturating_sub(begun) >= self.settings.lease {
            // The host was suspended, or the store was slow: the leases may be over before the work has begun.
            return Ok(Look { claims, is_full });
        }
        for (item, schedule) in due.claimed {
            let Ok(_place) = Arc::clone(&self.places).try_acquire_owned() else { break };
            let _held = self.in_hand.hold(item.schedule);
            claims.push(Claim { item, schedule, claimed_at: now, elapsed, _held, _place });
        }
        Ok(Look { claims, is_full })
    }

    fn holder<'a>(&'a self, in_hand: &'a BTreeSet<ScheduleId>) -> Holder<'a> {
        Holder { node: &self.node, lease: self.settings.lease, in_hand }
    }

    /// For how long it has not looked for due work, where that is so long that the scheduler is stuck.
    #[must_use]
    pub fn stuck(&self) -> Option<Duration> {
        let last = Duration::from_millis(self.looked_at.load(Ordering::Relaxed));
        Some(self.clock.elapsed().saturating_sub(last)).filter(|since| *since >= STUCK)
    }

    /// Renews the leases of what this node has in hand.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew(&self) -> Result<(), StoreError> {
        let in_hand = self.in_hand.schedules().clone();
        if in_hand.is_empty() {
            return Ok(());
        }
        let mut transaction = self.store.transaction().await?;
        transaction.records().renew_leases(self.holder(&in_hand)).await?;
        transaction.commit().await
    }

    /// Runs what was claimed; whether this node wrote its result.
    pub async fn run(&self, claim: Claim) -> bool {
        let Claim { item, schedule, claimed_at, elapsed, .. } = &claim;
        // On the database's clock, without asking for it.
        let now = || *claimed_at + self.clock.elapsed().saturating_sub(*elapsed);
        let started_at = now();
        let finished = self.run_one(schedule).await;
        let ran = Ran { started_at, ended_at: now(), node: self.node.clone() };
        with_local_recorder(&*self.metrics, || count(&finished, started_at.since(item.due_at)));
        let mut may_be_written = false;
        // Whatever happens to the store meanwhile: as long as this process lives, what it found out is not lost.
        loop {
            match self.recorder.finish(*item, schedule, finished.clone(), ran.clone()).await {
                Ok(written) => {
                    if !written && !may_be_written {
                        tracing::warn!(
                            schedule = item.schedule.0,
                            "A result is not kept: its lease had lapsed, and another host took the work over."
                        );
                    }
                    return written;
                }
                Err(error) => {
                    may_be_written = true;
                    if !self.store.note(&error) {
                        tracing::error!(schedule = item.schedule.0, "A result could not be written yet: {error}");
                    }
                }
            }
            self.clock.sleep(PAUSE).await;
        }
    }

    /// A connector that panics has failed; its work must not stay claimed for ever.
    async fn run_one(&self, schedule: &Schedule) -> WorkResult {
        let panicked = || failed(schedule, "The command ended in a defect of the connector. See the log.");
        match schedule.what.kind {
            ScheduleKind::HealthCheck => {
                let check = AssertUnwindSafe(self.runner.check(schedule)).catch_unwind().await;
                WorkResult::Check(check.unwrap_or_else(|_| CheckResult {
                    latency_ms: 0,
                    error: panicked().error,
                    expiring: None,
                }))
            }
            ScheduleKind::Command => {
                let run = AssertUnwindSafe(self.runner.run(schedule)).catch_unwind().await;
                let report = run.unwrap_or_else(|_| panicked());
                let status =
                    if report.error.is_some() { ScheduleRunStatus::Failed } else { ScheduleRunStatus::Successful };
                WorkResult::Run(status, report)
            }
        }
    }

    /// Writes the messages that alerts have become ripe for; how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell(&self) -> Result<usize, StoreError> {
        let mut reader = self.store.reader().await?;
        let (now, rules) = (reader.records().now().await?, self.settings.gather);
        let groups = reader.records().alert_groups().await?;
        drop(reader);
        let mut told = 0;
        for group in groups.iter().filter(|group| group.due_event(now, rules).is_some()) {
            let mut transaction = self.store.transaction().await?;
            let id = Uuid::now_v7().to_string();
            told += usize::from(
                transaction.records().write_alert_message(group, &id, now, |group| group.due_event(now, rules)).await?,
            );
            transaction.commit().await?;
        }
        Ok(told)
    }

    /// Sends the messages that are to be sent now, and waits for all; how many arrived.
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

    /// Computes due times anew that were written while the clock was ahead, and moves the times of alerts that are still
    /// to come to now; how many.
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
            tracing::warn!(
                schedules,
                alerts,
                "Times from a clock that was ahead are not believed, and were corrected."
            );
        }
        Ok(schedules + alerts)
    }

    /// Drops history that is older than it is kept; how many rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_old_history(&self) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let mut transaction = self.store.transaction().await?;
            let mut records = transaction.records();
            let now = records.now().await?;
            let dropped = records.drop_old_history(self.settings.retention, now, DROPPED_TOGETHER).await?;
            transaction.commit().await?;
            gone += dropped;
            if dropped == 0 {
                return Ok(gone);
            }
        }
    }
}

/// The report of a command that was not run to its end.
fn failed(schedule: &Schedule, why: &str) -> RunReport {
    let error = format!("{} failed.\nStatus Code: N/A.\nMessage: {why}", schedule.what.command);
    RunReport { output: "null".to_owned(), error: Some(error), request_id: String::new() }
}

fn milliseconds_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

//! The scheduler: claims due work, runs it, and sends the alerts that follow.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use soar_connector::Clock;
use soar_store::model::{CheckError, CheckResult, RunReport, Schedule, ScheduleId, ScheduleKind, ScheduleRunStatus};
use soar_store::{Holder, Ran, Store, StoreError};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::alert_warnings::AlertWarnings;
use super::claim::{Claim, InHand};
use super::measure::SchedulerMetrics;
use super::recorder::{Recorder, WorkResult};
use super::settings::{SchedulerSettings, WorkRunner};
use crate::alerts::{Courier, Outbox};

/// The scheduler counts as stuck if it has not looked for due work for this time. It normally looks once a second.
const STUCK: Duration = Duration::from_secs(60);

/// The pause between attempts to store a result while the store fails.
const PAUSE: Duration = Duration::from_secs(1);

/// Claims, runs and records due work. Several schedulers on several nodes can share a store. Each due time runs once.
pub struct Scheduler {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: SchedulerSettings,
    runner: Arc<dyn WorkRunner>,
    pub(super) outbox: Arc<Outbox>,
    recorder: Recorder,
    pub(super) metrics: Arc<SchedulerMetrics>,
    node: String,
    pub(super) places: Arc<Semaphore>,
    in_hand: InHand,
    /// The time of the last look for due work, in milliseconds of elapsed time.
    looked_at: AtomicU64,
    pub(super) alert_warnings: AlertWarnings,
}

/// The result of a look for due work.
#[derive(Debug)]
pub struct ClaimedWork {
    /// The claimed work to run.
    pub claims: Vec<Claim>,
    /// Whether all permits are in use, so that more work may be due.
    pub is_full: bool,
}

impl std::fmt::Debug for Scheduler {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Scheduler").field("node", &self.node).finish_non_exhaustive()
    }
}

impl Scheduler {
    /// A scheduler with a new node name. Must be called within a Tokio runtime.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        runner: Arc<dyn WorkRunner>,
        courier: Arc<dyn Courier>,
        settings: SchedulerSettings,
    ) -> Self {
        let recorder = Recorder::start(store.clone());
        // A restarted process is a new node: it does not own the claims of the former process.
        let node = Uuid::now_v7().to_string();
        let places = Arc::new(Semaphore::new(settings.at_once));
        let (metrics, in_hand) = (Arc::new(SchedulerMetrics::default()), InHand::default());
        let looked_at = AtomicU64::new(milliseconds_of(clock.elapsed()).cast_unsigned());
        let outbox = Arc::new(Outbox::new(store.clone(), Arc::clone(&clock), courier));
        let alert_warnings = AlertWarnings::default();
        Self {
            store,
            clock,
            settings,
            runner,
            outbox,
            recorder,
            metrics,
            node,
            places,
            in_hand,
            looked_at,
            alert_warnings,
        }
    }

    /// Sets the metrics. A scheduler starts with metrics that no host shows.
    #[must_use]
    pub fn counting(mut self, metrics: Arc<SchedulerMetrics>) -> Self {
        self.metrics = metrics;
        self
    }

    /// The node's name.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The number of claimed due times that this node has not finished.
    #[must_use]
    pub fn in_hand(&self) -> usize {
        self.in_hand.schedules().len()
    }

    /// Claims as much due work as there are free permits. Work whose lease has expired and that must not be repeated is
    /// recorded as interrupted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&self) -> Result<ClaimedWork, StoreError> {
        let begun = self.clock.elapsed();
        // Only this method takes permits.
        let free = self.places.available_permits();
        let in_hand = self.in_hand.schedules().clone();
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        let now = records.now().await?;
        let elapsed = self.clock.elapsed();
        let due = records.claim_due(self.holder(&in_hand), now, free).await?;
        for (item, schedule, node) in due.lost {
            let why = format!(
                "The host that ran the command did not renew its lease for {} s. Whether the command was carried out \
                 is unknown: `footprint runs list` shows its run.",
                self.settings.lease.as_secs()
            );
            let ran = Ran { started_at: item.due_at, ended_at: now, node };
            let report = failed(&schedule, &why);
            records.finish_run(item, &schedule, ScheduleRunStatus::Interrupted, &report, &ran).await?;
        }
        for (item, schedule, why) in due.unplanned {
            tracing::error!(
                schedule = schedule.id.0,
                "A schedule does not run, since its next due time cannot be computed: {why}"
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
            // The host was suspended, or the store was slow. The leases may expire before the work begins.
            return Ok(ClaimedWork { claims, is_full });
        }
        for (item, schedule) in due.claimed {
            let Ok(_place) = Arc::clone(&self.places).try_acquire_owned() else { break };
            let _held = self.in_hand.hold(item.schedule);
            claims.push(Claim { item, schedule, claimed_at: now, elapsed, _held, _place });
        }
        Ok(ClaimedWork { claims, is_full })
    }

    fn holder<'a>(&'a self, in_hand: &'a BTreeSet<ScheduleId>) -> Holder<'a> {
        Holder { node: &self.node, lease: self.settings.lease, in_hand }
    }

    /// The time since the last look for due work, if the scheduler counts as stuck.
    #[must_use]
    pub fn stuck(&self) -> Option<Duration> {
        let last = Duration::from_millis(self.looked_at.load(Ordering::Relaxed));
        Some(self.clock.elapsed().saturating_sub(last)).filter(|since| *since >= STUCK)
    }

    /// Renews the leases of this node's claimed work.
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

    /// Runs claimed work. Returns whether this node stored the result.
    pub async fn run(&self, claim: Claim) -> bool {
        let Claim { item, schedule, claimed_at, elapsed, .. } = &claim;
        // The time on the database's clock, without a query.
        let now = || *claimed_at + self.clock.elapsed().saturating_sub(*elapsed);
        let started_at = now();
        let finished = self.run_one(schedule).await;
        let ran = Ran { started_at, ended_at: now(), node: self.node.clone() };
        self.metrics.count(&finished, started_at.since(item.due_at));
        let mut may_be_written = false;
        // Try until the store has the result, even if the store fails meanwhile.
        loop {
            match self.recorder.finish(*item, schedule, finished.clone(), ran.clone()).await {
                Ok(written) => {
                    if !written && !may_be_written {
                        tracing::warn!(
                            schedule = item.schedule.0,
                            "A result is not stored: its lease had expired, and another host has taken over the work."
                        );
                    }
                    return written;
                }
                Err(error) => {
                    may_be_written = true;
                    if !self.store.note(&error) {
                        tracing::error!(
                            schedule = item.schedule.0,
                            "A result could not be stored. The host tries \
                                                                     again. {error}"
                        );
                    }
                }
            }
            self.clock.sleep(PAUSE).await;
        }
    }

    /// Runs the work. A panic of the connector counts as a failure, so that the work does not stay claimed.
    async fn run_one(&self, schedule: &Schedule) -> WorkResult {
        let panicked = || failed(schedule, "The connector panicked. The host's log has the cause.");
        match schedule.what.kind {
            ScheduleKind::HealthCheck => {
                let check = AssertUnwindSafe(self.runner.check(schedule)).catch_unwind().await;
                WorkResult::Check(check.unwrap_or_else(|_| CheckResult {
                    latency_ms: 0,
                    error: panicked().error.map(|tab| CheckError { tab, code: None }),
                    expiring: None,
                }))
            }
            ScheduleKind::Command => {
                let run = AssertUnwindSafe(self.runner.run(schedule)).catch_unwind().await;
                let Some(report) = run.unwrap_or_else(|_| Some(panicked())) else { return WorkResult::Followed };
                let status =
                    if report.error.is_some() { ScheduleRunStatus::Failed } else { ScheduleRunStatus::Successful };
                WorkResult::Run(status, report)
            }
        }
    }
}

/// The report of a command that did not run to its end.
fn failed(schedule: &Schedule, why: &str) -> RunReport {
    let error = format!("{} failed.\nStatus Code: N/A.\nMessage: {why}", schedule.what.command);
    RunReport { output: "null".to_owned(), error: Some(error), request_id: String::new() }
}

fn milliseconds_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

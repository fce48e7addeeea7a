//! Runs whose work goes on in the product. A host claims each question about the work under a lease, as other due work.

use std::time::Duration;

use super::columns::{Flag, Sealed, encoded, from_row, json};
use super::{Ran, Records, RunEnd, StoreError};
use crate::model::{
    CLOCK_TOLERANCE, KeyId, Moment, RunFollowing, RunId, RunReport, ScheduleId, ScheduleRunStatus, SiteId, WorkItem,
};

/// Another host asks once the question is late by this time. Until then the host that asked last asks again, with the
/// session that it has.
const OWN: Duration = Duration::from_secs(3);

/// A run whose work is about to be started.
#[derive(Debug, Clone)]
pub struct NewFollowedRun<'a> {
    /// The run.
    pub run: RunId,
    /// The process that starts the work.
    pub node: &'a str,
    /// The call, sealed.
    pub call: &'a [u8],
    /// How long the work is followed.
    pub limit: Duration,
    /// The schedule whose due time it is.
    pub schedule: Option<ScheduleId>,
}

/// A question about work, claimed by a host.
#[derive(Debug, Clone)]
pub struct FollowedRun {
    /// The run.
    pub run: RunId,
    /// The call, sealed.
    pub call: Vec<u8>,
    /// The token to ask with.
    pub token: String,
    /// The requests and warnings so far, as JSON.
    pub sums: String,
    /// When the row was last written.
    pub written_at: Moment,
    /// How long the work had been followed by then, in milliseconds.
    pub waited_ms: i64,
    /// How long the work is followed, in milliseconds.
    pub limit_ms: i64,
    /// Whether a user asked to end the run.
    pub cancel_requested: bool,
}

from_row! {
    FollowedRun: run = "run_id", call as Sealed, token, sums, written_at, waited_ms, limit_ms,
        cancel_requested as Flag,
}

/// What a host found out about work that is not over.
#[derive(Debug, Clone)]
pub struct FollowedSoFar {
    /// The token to ask with from now on.
    pub token: String,
    /// The requests and warnings so far, as JSON.
    pub sums: String,
    /// The state of the work in a word of the product.
    pub status: String,
    /// How much of it is done, where the product says so.
    pub percent: Option<u8>,
    /// Why the last question had no answer.
    pub problem: Option<String>,
    /// How long the work has been followed.
    pub waited: Duration,
    /// How long it is followed at most.
    pub limit: Duration,
    /// The time until the next question.
    pub wait: Duration,
}

impl FollowedSoFar {
    /// How far the work is, asked about at `now`.
    #[must_use]
    pub fn progress(&self, now: Moment) -> RunFollowing {
        RunFollowing {
            status: self.status.clone(),
            percent: self.percent,
            problem: self.problem.clone(),
            asked_at: now,
            next_at: now + self.wait,
            waited_seconds: self.waited.as_secs(),
            limit_seconds: self.limit.as_secs(),
        }
    }
}

/// The due time that a followed run belongs to.
struct DueTime {
    schedule_id: Option<ScheduleId>,
    due_at: Option<Moment>,
}

from_row! { DueTime: schedule_id, due_at }

impl Records<'_> {
    /// The number of followed runs on a site, and on all sites. Exact in a transaction with the sealing lock.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn followed_runs(&mut self, site: SiteId) -> Result<(i64, i64), StoreError> {
        let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN runs.site_id = $1 THEN 1 ELSE 0 END), 0) AS BIGINT),
                          CAST(COUNT(*) AS BIGINT)
                   FROM followed_runs JOIN runs ON runs.id = followed_runs.run_id WHERE runs.status = 'Running'";
        Ok(sqlx::query_as(sql).bind(site).fetch_one(&mut *self.connection).await?)
    }

    /// Records that the work of a run is about to be started, in a transaction with the sealing lock.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn begin_followed_run(&mut self, new: NewFollowedRun<'_>) -> Result<(), StoreError> {
        let now = self.now().await?;
        let query = sqlx::query(
            "INSERT INTO followed_runs (run_id, call, sealing_key, sums, next_at, written_at, waited_ms, limit_ms,
                 schedule_id, due_at, asker)
             VALUES ($1, $2, $3, '{}', $4, $4, 0, $5, $6, (SELECT due_at FROM work WHERE schedule_id = $6), $7)",
        );
        let query = query.bind(new.run).bind(encoded(new.call)).bind(KeyId::of(new.call).map(|key| key.to_string()));
        let query = query.bind(now).bind(milliseconds(new.limit)).bind(new.schedule).bind(new.node.to_owned());
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Records that the product has answered the start. A run that was marked as interrupted meanwhile is under way
    /// again: the process that runs it knows better.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn follow_run(&mut self, run: RunId, so_far: &FollowedSoFar) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query("UPDATE runs SET status = 'Running', ended_at = NULL WHERE id = $1 AND status = 'Interrupted'")
            .bind(run)
            .execute(&mut *self.connection)
            .await?;
        let query = sqlx::query(
            "UPDATE followed_runs SET token = $1, sums = $2, progress = $3, next_at = $4, written_at = $5,
                 waited_ms = $6, asked_until = NULL
             WHERE run_id = $7",
        );
        bind_so_far(query, so_far, now)?.bind(run).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Claims at most `places` due questions for `node`, the longest due first: of all runs except those of `except`, or
    /// of the run `only`. A run that is to be cancelled is due at once.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn claim_followed_runs(
        &mut self,
        (node, lease): (&str, Duration),
        places: usize,
        (except, only): (&[RunId], Option<RunId>),
    ) -> Result<(Moment, Vec<FollowedRun>), StoreError> {
        let now = self.now().await?;
        // A time that lies in the future was written by a clock that was ahead.
        let sql = format!(
            "SELECT f.run_id, f.call, f.token, f.sums, f.written_at, f.waited_ms, f.limit_ms, runs.cancel_requested
             FROM followed_runs f JOIN runs ON runs.id = f.run_id
             WHERE f.token IS NOT NULL
               AND (f.asked_until IS NULL OR f.asked_until < $1 OR f.asked_until > $2)
               AND (f.next_at <= CASE WHEN f.asker IN ($3, '') THEN $1 ELSE $4 END OR f.written_at > $5
                    OR runs.cancel_requested = 1)
               AND ($6 = 0 OR f.run_id = $6) AND f.run_id NOT IN ({})
             ORDER BY f.next_at LIMIT $8{}",
            self.engine.integers_of("$7"),
            self.engine.for_update_of_free("f")
        );
        let query = sqlx::query_as::<_, FollowedRun>(sqlx::AssertSqlSafe(sql));
        let query = query.bind(now).bind(now + lease * 2).bind(node.to_owned()).bind(now - OWN);
        let query = query.bind(now + CLOCK_TOLERANCE).bind(only.map_or(0, |run| run.0));
        let query = query.bind(json(&except)?).bind(i64::try_from(places).unwrap_or(i64::MAX));
        let found = query.fetch_all(&mut *self.connection).await?;
        if !found.is_empty() {
            let sql = format!(
                "UPDATE followed_runs SET asker = $1, asked_until = $2 WHERE run_id IN ({})",
                self.engine.integers_of("$3")
            );
            let runs: Vec<_> = found.iter().map(|one| one.run).collect();
            let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(node.to_owned()).bind(now + lease);
            query.bind(json(&runs)?).execute(&mut *self.connection).await?;
        }
        Ok((now, found))
    }

    /// Renews the lease of a question. Returns whether `node` still holds it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn renew_followed_run(&mut self, run: RunId, node: &str, lease: Duration) -> Result<bool, StoreError> {
        let now = self.now().await?;
        let query = sqlx::query(
            "UPDATE followed_runs SET asked_until = $1 WHERE run_id = $2 AND asker = $3 AND asked_until IS NOT NULL",
        );
        let query = query.bind(now + lease).bind(run).bind(node.to_owned());
        Ok(query.execute(&mut *self.connection).await?.rows_affected() == 1)
    }

    /// Records the answer to a question: the work is not over. Returns the time of the record, or `None` if `node` no
    /// longer holds the question.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_followed_run(
        &mut self,
        run: RunId,
        node: &str,
        so_far: &FollowedSoFar,
    ) -> Result<Option<Moment>, StoreError> {
        let now = self.now().await?;
        let query = sqlx::query(
            "UPDATE followed_runs SET token = $1, sums = $2, progress = $3, next_at = $4, written_at = $5,
                 waited_ms = $6, asked_until = NULL
             WHERE run_id = $7 AND asker = $8 AND asked_until IS NOT NULL",
        );
        let query = bind_so_far(query, so_far, now)?.bind(run).bind(node.to_owned());
        Ok((query.execute(&mut *self.connection).await?.rows_affected() == 1).then_some(now))
    }

    /// Ends a run whose work is over, with the due time that it belongs to, in a transaction with the sealing lock.
    /// Returns whether `node` still held the question.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn end_followed_run(
        &mut self,
        run: RunId,
        end: &RunEnd,
        report: &RunReport,
        ran: &Ran,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query_as::<_, DueTime>(
            "DELETE FROM followed_runs WHERE run_id = $1 AND asker = $2 RETURNING schedule_id, due_at",
        );
        let query = query.bind(run).bind(ran.node.clone());
        let Some(of) = query.fetch_optional(&mut *self.connection).await? else { return Ok(false) };
        self.end_run(run, end, ran.ended_at).await?;
        if let (Some(schedule), Some(due_at)) = (of.schedule_id, of.due_at) {
            let status = if report.error.is_some() { ScheduleRunStatus::Failed } else { ScheduleRunStatus::Successful };
            let known = self.schedule(schedule).await?;
            self.record_run(WorkItem { schedule, due_at }, &known, status, report, ran).await?;
        }
        Ok(true)
    }

    /// Deletes what is stored about the work of a run that started none, in a transaction with the sealing lock.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_followed_run(&mut self, run: RunId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM followed_runs WHERE run_id = $1").bind(run).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Gives up the questions that `node` has claimed, so that another host asks at once.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn give_up_followed_runs(&mut self, node: &str) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE followed_runs SET asker = '', asked_until = NULL WHERE asker = $1");
        query.bind(node.to_owned()).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Whether the work that was started at a due time is followed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(super) async fn is_followed(&mut self, item: WorkItem) -> Result<bool, StoreError> {
        let sql = "SELECT run_id FROM followed_runs WHERE schedule_id = $1 AND due_at = $2 AND token IS NOT NULL";
        let query = sqlx::query_scalar::<_, RunId>(sql).bind(item.schedule).bind(item.due_at);
        Ok(query.fetch_optional(&mut *self.connection).await?.is_some())
    }
}

type AnyQuery<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

/// Binds $1 to $6 of an update.
fn bind_so_far<'q>(query: AnyQuery<'q>, so_far: &FollowedSoFar, now: Moment) -> Result<AnyQuery<'q>, StoreError> {
    let progress = so_far.progress(now);
    let query = query.bind(so_far.token.clone()).bind(so_far.sums.clone()).bind(json(&progress)?);
    Ok(query.bind(progress.next_at).bind(now).bind(milliseconds(so_far.waited)))
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

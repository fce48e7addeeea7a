//! Starts the work of a followed run, once, and stores its token.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use soar_connector::name::quoted;
use soar_connector::{Conclusion, ExecutionContext, Failure, FollowToken, Outcome, Progress, Receipt};
use soar_store::model::{Moment, RunFollowing, RunId, SiteId};
use soar_store::{FollowedSoFar, HeldRoom, NewFollowedRun, Records, StoreError, followed_sealing_context};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, error, warn};

use super::super::connectors::ReadyConnector;
use super::super::finished_run::{FinishedRun, WorkUnderWay};
use super::super::shared::ExecutorState;
use super::super::task::{EndReason, RunTask, cancellation, stop};
use super::super::turns::TurnPermits;
use super::call::FollowedCall;
use super::failures::outcome;
use super::sums::Sums;
use crate::Refusal;
use crate::sealing::SealingGuard;

/// The pause between attempts to store a token while the store fails.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Work that the product has begun.
pub(in super::super) struct BegunWork {
    token: FollowToken,
    sums: Sums,
    limit: Duration,
}

/// Refuses a run whose work would be one too many, in a transaction with the sealing lock.
pub(in super::super) async fn must_have_room(
    shared: &ExecutorState,
    records: &mut Records<'_>,
    (site, name): (SiteId, &str),
) -> Result<(), Refusal> {
    let (on_site, in_all) = records.followed_runs(site).await?;
    let (most_on_site, most) = (shared.settings.followed_per_site, shared.settings.followed);
    let (whose, limit, setting) = if on_site >= i64::from(most_on_site) {
        (format!("The site {}", quoted(name)), most_on_site, "followed-per-site")
    } else if in_all >= i64::from(most) {
        ("The instance".to_owned(), most, "followed")
    } else {
        return Ok(());
    };
    Err(Refusal::Unable(format!(
        "{whose} has {limit} runs whose work goes on in the product, which is the limit ({setting} under [executor]). \
         Nothing was started. Wait until one ends, or cancel one."
    )))
}

/// Records that the work of a run is about to be started, in the transaction that records the run. The transaction has
/// the sealing lock.
pub(in super::super) async fn begin_followed(
    shared: &ExecutorState,
    records: &mut Records<'_>,
    run: RunId,
    (task, limit): (&RunTask, Duration),
) -> Result<(), Refusal> {
    let call = FollowedCall::of(&task.connection, &task.invocation).and_then(|call| serde_json::to_vec(&call));
    let call = call.map_err(|error| Refusal::Unable(format!("The call cannot be stored: {error}.")))?;
    let (keyring, context) = (&shared.connections.keyring, followed_sealing_context(run));
    let call = SealingGuard::seal(records, keyring, &context, &call, shared.now()).await?;
    let new = NewFollowedRun { run, node: &shared.node, call: &call, limit, schedule: task.schedule };
    Ok(records.begin_followed_run(new).await?)
}

/// Starts the work, unless the caller gave a token, and stores the token. A caller that goes away does not end a start:
/// the work would go on without a token.
///
/// # Errors
/// The end of a run that started nothing, or whose outcome is unknown.
pub(in super::super) async fn start(
    shared: &Arc<ExecutorState>,
    task: &RunTask,
    (run, ready): (RunId, &ReadyConnector),
    turns: TurnPermits,
    deadline: Instant,
) -> Result<BegunWork, EndReason> {
    let failed = |conclusion: Conclusion| {
        EndReason::Itself(Box::new(outcome(Some(task.invocation.command()), conclusion)), true)
    };
    let limit = task.invocation.follow_limit().unwrap_or_default();
    let begun = match task.invocation.follow_token() {
        Ok(Some(token)) => BegunWork { token, sums: Sums::default(), limit },
        Ok(None) => {
            let (token, conclusion) =
                send(shared, task, (run, ready), turns, deadline).await.map_err(|ended| match ended {
                    NotStarted::Conclusion(conclusion) => failed(*conclusion),
                    NotStarted::Ending(ending) => ending,
                })?;
            BegunWork { token, sums: Sums::of_start(&conclusion), limit }
        }
        Err(failure) => {
            let error = task.plugin.manifest().error_tab(Some(task.invocation.command()), failure);
            let receipt = Receipt { request_id: task.caller.request_id.clone(), ..Receipt::default() };
            return Err(failed(Conclusion { error: Some(error), receipt, warnings: Vec::new() }));
        }
    };
    store_token(shared, run, &begun).await.map_err(|error| {
        error!(run = run.0, %error, "the token of a run could not be stored");
        let again = task.invocation.follow_again(&begun.token);
        let text = format!("The work was started, and the store did not take its token. {again}");
        let error =
            task.plugin.manifest().error_tab(Some(task.invocation.command()), Failure::new("still-running", text));
        let receipt = Receipt { request_id: task.caller.request_id.clone(), ..Receipt::default() };
        failed(Conclusion { error: Some(error), receipt, warnings: Vec::new() })
    })?;
    Ok(begun)
}

enum NotStarted {
    Conclusion(Box<Conclusion>),
    Ending(EndReason),
}

/// Sends the start in a task of its own, so that a panic ends only this task.
async fn send(
    shared: &Arc<ExecutorState>,
    task: &RunTask,
    (run, ready): (RunId, &ReadyConnector),
    turns: TurnPermits,
    deadline: Instant,
) -> Result<(FollowToken, Conclusion), NotStarted> {
    let (cancel, mut cancelled) = watch::channel(false);
    shared.running.lock().unwrap_or_else(PoisonError::into_inner).insert(run, cancel);
    let progress = task.watching.as_ref().map_or_else(Progress::default, |watching| watching.progress.clone());
    let context = ExecutionContext { request_id: task.caller.request_id.clone(), time_limit: None, progress };
    let (connector, invocation) = (Arc::clone(&ready.connector), task.invocation.clone());
    let starting = async move {
        let started = connector.start(&invocation, &context).await;
        drop(turns);
        started
    };
    let mut starting = tokio::spawn(starting.in_current_span());
    let ended = tokio::select! {
        biased;
        started = &mut starting => match started {
            Ok(started) => started.map_err(|conclusion| NotStarted::Conclusion(Box::new(conclusion))),
            Err(error) => {
                error!(panicked = error.is_panic(), "the connector panicked");
                Err(NotStarted::Ending(EndReason::BrokeDown))
            }
        },
        () = cancellation(&mut cancelled) => {
            Err(NotStarted::Ending(stop(&starting, EndReason::Cancelled("A user cancelled it."))))
        }
        () = tokio::time::sleep_until(deadline) => Err(NotStarted::Ending(stop(&starting, EndReason::OutOfTime))),
    };
    shared.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
    ended
}

/// Stores the token. While the store fails, the host tries again: without the token nobody could follow the work.
async fn store_token(shared: &ExecutorState, run: RunId, begun: &BegunWork) -> Result<(), StoreError> {
    let so_far = begun.so_far();
    loop {
        let stored = async {
            let mut transaction = shared.store().transaction().await?;
            transaction.records().follow_run(run, &so_far).await?;
            transaction.commit().await
        };
        match stored.await {
            Ok(()) => return Ok(()),
            Err(error) if error.trouble().is_some() || error.is_conflict() => {
                warn!(run = run.0, %error, "the token of a run could not be stored; the host tries again");
            }
            Err(error) => return Err(error),
        }
        sleep(RETRY_INTERVAL).await;
    }
}

impl BegunWork {
    fn so_far(&self) -> FollowedSoFar {
        FollowedSoFar {
            token: self.token.to_string(),
            sums: self.sums.text(),
            status: "started".to_owned(),
            percent: None,
            problem: None,
            waited: Duration::ZERO,
            limit: self.limit,
            wait: Duration::ZERO,
        }
    }

    /// The run whose work has begun.
    pub(in super::super) fn under_way(self, task: RunTask, run: RunId, now: Moment) -> FinishedRun {
        let progress = self.so_far().progress(now);
        let RunTask { connection, plugin, invocation, watching, .. } = task;
        let command = invocation.command().name.clone();
        let under_way = WorkUnderWay { token: self.token, progress, watching, invocation, plugin };
        FinishedRun {
            run,
            connection: connection.name,
            command,
            outcome: under_way.outcome(run),
            room: HeldRoom::default(),
            under_way: Some(under_way),
        }
    }
}

impl WorkUnderWay {
    /// How far the work is, in words.
    #[must_use]
    pub fn status(&self) -> String {
        let RunFollowing { status, percent, problem, .. } = &self.progress;
        match (problem, percent) {
            (Some(problem), _) => problem.clone(),
            (None, Some(percent)) => format!("{status}, {percent} %"),
            (None, None) => status.clone(),
        }
    }

    /// What tells a caller that the work goes on.
    #[must_use]
    pub fn text(&self, run: RunId) -> String {
        let (command, status) = (&self.invocation.command().name, self.status());
        let status = status.trim_end_matches('.');
        format!(
            "{command} goes on ({status}). The host follows it as run {run}, which gets the result: footprint runs show \
             {run}, or GET /api/manage/v1/runs/{run}."
        )
    }

    /// The outcome so far: the failure `still-running`.
    pub(in super::super) fn outcome(&self, run: RunId) -> Outcome {
        let failure = Failure::new("still-running", self.text(run));
        let command = self.invocation.command();
        let error = self.plugin.manifest().error_tab(Some(command), failure);
        let conclusion = Conclusion { error: Some(error), receipt: Receipt::default(), warnings: Vec::new() };
        outcome(Some(command), conclusion)
    }
}

//! Supervises one run: its slots, its connector, its timeout and its cancellation.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use soar_connector::manifest::Effect;
use soar_connector::{Collector, CommandError, Conclusion, ExecutionContext, Outcome, Receipt, Redactor, StatusCode};
use soar_store::model::{Moment, RunId, RunStatus};
use soar_store::{HeldRoom, NewRun};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument as _, error, info, info_span};

use super::agent::through;
use super::connectors::ReadyConnector;
use super::end::{RunOutcome, end};
use super::finished_run::FinishedRun;
use super::follow::{begin_followed, must_have_room, start};
use super::kept;
use super::shared::ExecutorState;
use super::task::{EndReason, RunTask, cancellation, stop};
use super::turns::{TurnPermits, turns};
use super::watching::{Tee, Watching};
use crate::Refusal;
use crate::sealing::SealingGuard;

/// The memory of an outcome, in multiples of its JSON.
const MEMORY_OF_JSON: usize = 16;

pub(super) async fn supervise(shared: &Arc<ExecutorState>, mut task: RunTask) -> Result<FinishedRun, Refusal> {
    let deadline = Instant::now() + shared.settings.time_limit();
    let turns = turns(shared, &mut task, deadline).await?;
    let fetch_again = Duration::from_secs(shared.settings.fetch_secrets_seconds);
    let ready = shared.connectors.get(&shared.connections, &task.connection, &task.plugin, fetch_again);
    let ready = tokio::select! {
        ready = timeout_at(deadline, ready) => ready.unwrap_or_else(|_| {
            Err("The connection's secrets could not be fetched within the command's timeout.".to_owned())
        }),
        _ = &mut task.gone => return Err(Refusal::Unable("The caller no longer waits for the outcome.".to_owned())),
    };
    let redactor = ready.as_ref().ok().map(|ready| Arc::clone(&ready.redactor));
    let agent = ready.as_ref().ok().and_then(|ready| ready.agent.clone());
    let (run, started_at) = begin(shared, &task, redactor.as_deref()).await?;
    let (clock, elapsed) = (&shared.connections.clock, shared.connections.clock.elapsed());
    // The time on the database's clock, without a query.
    let now = || started_at + clock.elapsed().saturating_sub(elapsed);
    let span = info_span!("run", run = run.0, connection = task.connection.id.0, command = task.command().name);
    let (ending, room) = match ready {
        Ok(ready) if task.invocation.follow_limit().is_some() => {
            if let Some(watching) = &task.watching {
                let _ = watching.run.set(run);
            }
            match start(shared, &task, (run, &ready), turns, deadline).instrument(span.clone()).await {
                Ok(begun) => return Ok(begun.under_way(task, run, now())),
                Err(ending) => (ending, HeldRoom::default()),
            }
        }
        Ok(ready) => execute(shared, &mut task, run, ready, turns, deadline).instrument(span.clone()).await,
        Err(problem) => {
            let outcome = failed(&task, "connection-not-usable", &problem, "Correct the connection.");
            (EndReason::Itself(Box::new(outcome), true), HeldRoom::default())
        }
    };
    let is_whole = !matches!(ending, EndReason::Itself(_, false));
    let (status, outcome) = concluded(shared, &task, ending);
    let outcome = through(outcome, agent.as_deref());
    if status != RunStatus::Successful {
        shared.connectors.refetch_secrets(task.connection.id);
    }
    let redactor = redactor.unwrap_or_default();
    span.in_scope(|| info!(%status, rows = outcome.receipt.rows, requests = outcome.receipt.requests, "ended"));
    let is_followed = task.invocation.follow_limit().is_some();
    let ended = RunOutcome { outcome: &outcome, is_whole, is_followed, at: now() };
    end(shared, run, status, ended, &redactor).instrument(span).await;
    let command = task.command().name.clone();
    Ok(FinishedRun { run, connection: task.connection.name, command, outcome, room, under_way: None })
}

/// Records the beginning of the run. Returns its id and its time on the database's clock.
async fn begin(
    shared: &ExecutorState,
    task: &RunTask,
    redactor: Option<&Redactor>,
) -> Result<(RunId, Moment), Refusal> {
    let run = NewRun {
        user_id: task.caller.user.id,
        user_name: task.caller.user.name.clone(),
        key_name: task.caller.key.clone(),
        site_id: task.caller.site.id,
        site_name: task.caller.site.name.clone(),
        connection_id: task.connection.id,
        connection_name: task.connection.name.clone(),
        integration: task.connection.integration.clone(),
        command: task.command().name.clone(),
        parameters: kept::parameters(task.invocation.parameters(), redactor),
        request_id: task.caller.request_id.clone(),
        node: shared.node.clone(),
    };
    let limit = task.invocation.follow_limit();
    let mut transaction = shared.store().transaction().await?;
    let mut records = transaction.records();
    if limit.is_some() {
        SealingGuard::begin(&mut records).await?;
        must_have_room(shared, &mut records, (run.site_id, &run.site_name)).await?;
    }
    let now = records.now().await?;
    let id = records.begin_run(&run, now).await?;
    if let Some(limit) = limit {
        begin_followed(shared, &mut records, id, (task, limit)).await?;
    }
    transaction.commit().await?;
    Ok((id, now))
}

/// Runs the command in a task of its own, so that a panic ends only this task.
async fn execute(
    shared: &Arc<ExecutorState>,
    task: &mut RunTask,
    run: RunId,
    ready: ReadyConnector,
    turns: TurnPermits,
    deadline: Instant,
) -> (EndReason, HeldRoom) {
    let (cancel, mut cancelled) = watch::channel(false);
    shared.running.lock().unwrap_or_else(PoisonError::into_inner).insert(run, cancel);
    let (progress, watcher) = match task.watching.take() {
        Some(Watching { sink, progress, run: told }) => {
            let _ = told.set(run);
            (Some(progress), Some(sink))
        }
        None => (None, None),
    };
    let request_id = task.caller.request_id.clone();
    let context = ExecutionContext { request_id, time_limit: None, progress: progress.unwrap_or_default() };
    let invocation = task.invocation.clone();
    let limit = match &watcher {
        None => shared.settings.largest_reply_bytes,
        Some(_) => {
            shared.settings.largest_reply_bytes.min(shared.settings.outcome_bytes.saturating_mul(MEMORY_OF_JSON))
        }
    };
    let room = shared.store().answer_room().clone();
    let executing = async move {
        let collector = Some(Collector::new(Some(invocation.command()), limit));
        let mut tee = Tee { collector, room, held: HeldRoom::default(), watcher };
        let conclusion = ready.connector.execute_into(&invocation, &context, &mut tee).await;
        // The slots become free when the command has ended, not when the caller stops waiting.
        drop(turns);
        let is_whole = tee.collector.is_some();
        let collector = tee.collector.unwrap_or_else(|| Collector::new(Some(invocation.command()), 0));
        (collector.finish(conclusion), is_whole, tee.held)
    };
    let mut executing = tokio::spawn(executing.in_current_span());
    let mut held = HeldRoom::default();
    let ending = tokio::select! {
        biased;
        ended = &mut executing => match ended {
            Ok((outcome, is_whole, room)) => {
                held = room;
                EndReason::Itself(Box::new(outcome), is_whole)
            }
            Err(error) => {
                error!(panicked = error.is_panic(), "the connector panicked");
                EndReason::BrokeDown
            }
        },
        () = cancellation(&mut cancelled) => stop(&executing, EndReason::Cancelled("A user cancelled it.")),
        _ = &mut task.gone => stop(&executing, EndReason::Cancelled("The caller closed the connection.")),
        () = tokio::time::sleep_until(deadline) => stop(&executing, EndReason::OutOfTime),
    };
    shared.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
    (ending, held)
}

fn concluded(shared: &ExecutorState, task: &RunTask, ending: EndReason) -> (RunStatus, Outcome) {
    let is_write = task.command().effect == Effect::Write;
    let check = if is_write {
        "It may have had an effect: check in the product before you run it again."
    } else {
        "It changes nothing: run it again."
    };
    match ending {
        EndReason::Itself(outcome, _) if outcome.is_successful() => (RunStatus::Successful, *outcome),
        EndReason::Itself(outcome, _) => (RunStatus::Failed, *outcome),
        EndReason::BrokeDown => {
            let message = "The connector panicked. Report that to the maker of the connector.";
            (RunStatus::Failed, failed(task, "connector-broke-down", message, check))
        }
        EndReason::OutOfTime => {
            let limit = shared.settings.time_limit().as_secs();
            let message = format!("The command did not end within its timeout of {limit} s. {check}");
            (RunStatus::Failed, failed(task, "timed-out", &message, check))
        }
        EndReason::Cancelled(why) => {
            let message = format!("The command was cancelled: {why} {check}");
            (RunStatus::Cancelled, failed(task, "cancelled", &message, check))
        }
    }
}

/// The outcome of a command that the host ended, or that never reached the connector.
fn failed(task: &RunTask, code: &str, message: &str, cure: &str) -> Outcome {
    let error = CommandError {
        failure_indicator: task.command().failure_indicator(),
        status_code: StatusCode(None),
        message: soar_connector::sentence(message),
        code: code.to_owned(),
        cause: soar_connector::sentence(message),
        cure: cure.to_owned(),
        retryable: task.command().effect == Effect::Read && code != "connection-not-usable",
    };
    let receipt = Receipt { request_id: task.caller.request_id.clone(), ..Receipt::default() };
    Collector::new(Some(task.command()), 0).finish(Conclusion { error: Some(error), receipt, warnings: Vec::new() })
}

//! Claims due questions, holds their leases while they are asked, and stores the answers.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use soar_store::model::{Moment, RunFollowing, RunId, RunReport};
use soar_store::{Ran, RunEnd, StoreError};
use tracing::{Instrument as _, info, info_span, warn};

use super::super::kept;
use super::super::shared::ExecutorState;
use super::found::{FollowAnswer, FollowClaim, FollowedEnd};
use crate::sealing::SealingGuard;

/// The lease of a question, and the interval between renewals: as of other due work.
const LEASE: Duration = Duration::from_secs(15);
const RENEW: Duration = Duration::from_secs(4);

/// The pause between attempts to store an answer, and the number of attempts. After the last one the lease lapses, and
/// the question is asked again.
const PAUSE: Duration = Duration::from_secs(1);
const ATTEMPTS: usize = 30;

/// The result of a question.
pub(in super::super) enum QuestionResult {
    Ended(Box<FollowedEnd>),
    Running(RunFollowing),
    /// Another host asks, or the answer could not be stored.
    Lost,
}

/// Claims due questions: of the run `only`, or of all runs that no waiter of this process asks about.
pub(in super::super) async fn claim(
    shared: &ExecutorState,
    places: usize,
    only: Option<RunId>,
) -> Result<Vec<FollowClaim>, StoreError> {
    let except = if only.is_some() { Vec::new() } else { shared.followed.waited_for() };
    let mut transaction = shared.store().transaction().await?;
    let claimed = transaction.records().claim_followed_runs((&shared.node, LEASE), places, (&except, only)).await?;
    transaction.commit().await?;
    let elapsed = shared.connections.clock.elapsed();
    let (at, found) = claimed;
    Ok(found.into_iter().map(|followed| FollowClaim { followed, at, elapsed }).collect())
}

/// Asks a claimed question while its lease is renewed, and stores the answer.
pub(in super::super) async fn ask(shared: &Arc<ExecutorState>, claim: FollowClaim) -> QuestionResult {
    let run = claim.followed.run;
    let span = info_span!("followed run", run = run.0);
    let asking = async {
        let asked = AssertUnwindSafe(super::question::question(shared, &claim)).catch_unwind().await;
        let found = match asked {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                if !shared.store().note(&error) {
                    warn!(%error, "a question about work could not be asked; the host asks again");
                }
                return QuestionResult::Lost;
            }
            Err(_) => match super::judge::panicked(shared, &claim).await {
                Ok(found) => found,
                Err(_) => return QuestionResult::Lost,
            },
        };
        stored(shared, &claim, found).await
    };
    tokio::select! {
        asked = asking.instrument(span) => asked,
        () = hold(shared, run) => {
            warn!(run = run.0, "Another host has taken over a question about work, because the lease had lapsed.");
            QuestionResult::Lost
        }
    }
}

/// Renews the lease of a question. Returns once another host has taken over.
async fn hold(shared: &ExecutorState, run: RunId) {
    loop {
        tokio::time::sleep(RENEW).await;
        let renewed = async {
            let mut transaction = shared.store().transaction().await?;
            let held = transaction.records().renew_followed_run(run, &shared.node, LEASE).await?;
            transaction.commit().await?;
            Ok::<_, StoreError>(held)
        };
        if let Ok(false) = renewed.await {
            return;
        }
    }
}

async fn stored(shared: &ExecutorState, claim: &FollowClaim, found: FollowAnswer) -> QuestionResult {
    let mut may_be_stored = false;
    for _ in 0..ATTEMPTS {
        match store(shared, claim, &found).await {
            Ok(None) if !may_be_stored => return QuestionResult::Lost,
            Ok(at) => {
                return match found {
                    FollowAnswer::SoFar(so_far) => {
                        let at = at.unwrap_or_else(|| claim.now(shared));
                        shared.followed.note(claim.followed.run, at, shared.connections.clock.elapsed());
                        QuestionResult::Running(so_far.progress(at))
                    }
                    FollowAnswer::Ended(ended) => {
                        shared.followed.forget(claim.followed.run);
                        let receipt = &ended.outcome.receipt;
                        info!(status = %ended.status, rows = receipt.rows, requests = receipt.requests, "ended");
                        QuestionResult::Ended(ended)
                    }
                };
            }
            Err(error) => {
                may_be_stored = true;
                if !shared.store().note(&error) {
                    warn!(%error, "the answer to a question about work could not be stored; the host tries again");
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    QuestionResult::Lost
}

/// Stores what a question found out. Returns the time of the record; `None` if another host holds the question.
async fn store(
    shared: &ExecutorState,
    claim: &FollowClaim,
    found: &FollowAnswer,
) -> Result<Option<Moment>, StoreError> {
    let run = claim.followed.run;
    let mut transaction = shared.store().transaction().await?;
    let mut records = transaction.records();
    let at = match found {
        FollowAnswer::SoFar(so_far) => records.note_followed_run(run, &shared.node, so_far).await?,
        FollowAnswer::Ended(ended) => {
            // The row with the sealed call is deleted.
            SealingGuard::begin(&mut records).await?;
            let FollowedEnd { outcome, redactor, status, .. } = &**ended;
            let clean = |text: String| redactor.clean(&text).into_owned();
            let kept = kept::outcome(outcome, true, redactor, shared.settings.outcome_bytes);
            let receipt = serde_json::to_string(&outcome.receipt).ok().map(clean);
            let report = RunReport {
                output: kept.clone(),
                error: outcome.error.as_ref().map(|error| clean(error.to_string())),
                request_id: ended.run.request_id.clone(),
            };
            let end = RunEnd { status: *status, outcome: Some(kept), receipt };
            let ran = Ran { started_at: ended.run.started_at, ended_at: claim.now(shared), node: shared.node.clone() };
            records.end_followed_run(run, &end, &report, &ran).await?.then_some(ran.ended_at)
        }
    };
    transaction.commit().await?;
    Ok(at)
}

//! Stores the end of a run.

use std::sync::Arc;
use std::time::Duration;

use soar_connector::{Outcome, Redactor};
use soar_store::model::{Moment, RunId, RunStatus};
use soar_store::{RunEnd, StoreError};
use tokio::time::sleep;
use tracing::{Instrument as _, info, warn};

use super::kept;
use super::shared::ExecutorState;
use crate::sealing::SealingGuard;

/// The pause between attempts to store the end of a run while the store fails.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The outcome of a run.
pub(super) struct RunOutcome<'a> {
    pub(super) outcome: &'a Outcome,
    /// Whether it has all rows.
    pub(super) is_whole: bool,
    /// Whether its work would have been followed.
    pub(super) is_followed: bool,
    /// Its time on the database's clock.
    pub(super) at: Moment,
}

/// Stores the end of the run. The caller gets its outcome even if that fails; the host then tries again in the background.
pub(super) async fn end(
    shared: &Arc<ExecutorState>,
    run: RunId,
    status: RunStatus,
    ended: RunOutcome<'_>,
    redactor: &Redactor,
) {
    let RunOutcome { outcome, is_whole, is_followed, at: ended_at } = ended;
    let end = RunEnd {
        status,
        outcome: Some(kept::outcome(outcome, is_whole, redactor, shared.settings.outcome_bytes)),
        receipt: serde_json::to_string(&outcome.receipt).ok().map(|text| redactor.clean(&text).into_owned()),
    };
    if let Err(error) = store_end(shared, (run, is_followed), &end, ended_at).await {
        warn!(run = run.0, %error, "the end of a run could not be stored; the host tries again");
        let shared = Arc::clone(shared);
        tokio::spawn(
            async move { store_end_later(&shared, (run, is_followed), &end, ended_at).await }.in_current_span(),
        );
    }
}

async fn store_end(
    shared: &ExecutorState,
    (run, is_followed): (RunId, bool),
    end: &RunEnd,
    ended_at: Moment,
) -> Result<(), StoreError> {
    let mut transaction = shared.store().transaction().await?;
    let mut records = transaction.records();
    if is_followed {
        SealingGuard::begin(&mut records).await?;
        records.forget_followed_run(run).await?;
    }
    records.end_run(run, end, ended_at).await?;
    transaction.commit().await
}

/// Tries again until the end is stored, or until the store works and does not take it.
async fn store_end_later(shared: &ExecutorState, (run, is_followed): (RunId, bool), end: &RunEnd, ended_at: Moment) {
    loop {
        sleep(RETRY_INTERVAL).await;
        match store_end(shared, (run, is_followed), end, ended_at).await {
            Ok(()) => return info!(run = run.0, "the end of a run is stored"),
            Err(error) if error.trouble().is_some() || error.is_conflict() => {}
            Err(error) => {
                return warn!(run = run.0, %error, "the end of a run cannot be stored; the run will count as interrupted");
            }
        }
    }
}

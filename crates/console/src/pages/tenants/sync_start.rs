//! Starts a sync, and leads to its page as soon as it has begun. The sync goes on in the background.

use std::sync::{Mutex, PoisonError};

use soar_host::operations::SyncToRun;
use soar_host::tenants::SyncProgress;
use soar_store::model::{SyncRun, SyncRunId};
use tokio::sync::oneshot;

use crate::visit::{Page, PageError};

/// The sync to start.
pub(super) enum Start {
    Sync(SyncToRun),
    /// The failed parts of a run.
    Retry(SyncRunId),
}

/// Starts a sync. Returns its run.
///
/// # Errors
/// [`PageError`] when the sync did not begin.
pub(super) async fn start(page: &Page, what: Start) -> Result<SyncRunId, PageError> {
    let (begun, has_begun) = oneshot::channel();
    let begun = Mutex::new(Some(begun));
    let page = page.clone();
    let running = tokio::spawn(async move {
        let on_progress = |progress: SyncProgress| {
            if let Some(begun) = begun.lock().unwrap_or_else(PoisonError::into_inner).take() {
                // The receiver is gone only if the page is.
                let _ = begun.send(progress.run);
            }
        };
        let run = run(&page, &what, &on_progress).await;
        if let Err(error) = &run {
            tracing::warn!(?error, "a sync that a page started did not end");
        }
        run
    });
    match has_begun.await {
        Ok(run) => Ok(run),
        // The sync ended before it began.
        Err(_) => match running.await {
            Ok(ended) => Ok(ended?.id),
            Err(error) => Err(PageError::defect(&error)),
        },
    }
}

async fn run(
    page: &Page,
    what: &Start,
    on_progress: &(dyn Fn(SyncProgress) + Send + Sync),
) -> Result<SyncRun, PageError> {
    let tried = match what {
        Start::Sync(wanted) => page.operations().run_sync(page.context()?, wanted, on_progress).await?,
        Start::Retry(id) => page.operations().retry_sync(page.context()?, *id, on_progress).await?,
    };
    page.tried(tried).await
}

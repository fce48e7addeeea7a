//! Operations on runs of integration commands.

use serde::Serialize;
use soar_store::RunFilter;
use soar_store::model::{Right, Run, RunId};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, boxed, full_page};
use crate::executor::history;

/// Runs, the newest first, without their outcomes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<Run>,
    /// The value of `before` for the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub next: Option<RunId>,
}

/// The result of cancelling a run.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunCancelled {
    /// Whether the run was under way. If not, nothing was changed.
    pub was_running: bool,
}

impl Operations {
    /// At most `filter.limit` runs on the sites on which the caller may see runs, the newest first, without their
    /// outcomes. With `site`, only the runs on that site.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn list_runs(
        &self,
        context: &RequestContext,
        site: Option<&str>,
        filter: &RunFilter,
    ) -> Result<RunPage, OperationError> {
        let limit = filter.limit.unwrap_or(i64::MAX);
        // In the store's filter 0 means any connection, or any run.
        if filter.connection.is_some_and(|id| id.0 < 1) || filter.before.is_some_and(|id| id.0 < 1) {
            return Ok(RunPage { runs: Vec::new(), next: None });
        }
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let sites = match site {
            Some(name) => vec![context.site(&mut records, name).await?],
            None => records.sites().await?,
        };
        let mut runs = Vec::new();
        if site.is_none() && context.user.is_administrator {
            runs = records.runs(None, context.user.id, true, filter).await?;
        } else {
            for on in sites {
                let caller = context.caller(on);
                // Without a given site, sites on which the caller may not see runs are left out.
                if site.is_some() || caller.may(Right::SeeRuns, caller.site.id) {
                    runs.extend(history::runs(&mut records, &caller, filter).await?);
                }
            }
            runs.sort_by_key(|run| std::cmp::Reverse(run.id));
            runs.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        let next = full_page(&runs, limit).map(|run| run.id);
        Ok(RunPage { runs, next })
    }

    /// One run with the stored part of its outcome.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such run.
    #[boxed]
    pub async fn run(&self, context: &RequestContext, id: RunId) -> Result<Run, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(history::see_run(&mut records, &caller, id).await?)
    }

    /// Requests the cancellation of a run. A run of another host ends at that host's next heartbeat.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn cancel_run(&self, context: &RequestContext, id: RunId) -> Result<RunCancelled, OperationError> {
        let cancelled = self
            .changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let was_running = history::cancel_run(&mut change.records, &caller, id).await?;
                    Ok(Done::new(RunCancelled { was_running }, id.to_string()))
                })
            })
            .await?;
        // After the commit: otherwise the run could end before the store has the request.
        if let Some(executor) = &self.executor {
            executor.cancel_here(id);
        }
        Ok(cancelled)
    }
}

//! On a master: operations on runs of Sync Connection.

use serde::{Deserialize, Serialize};
use soar_store::SyncResultFilter;
use soar_store::model::{SyncResult, SyncResultId, SyncRun, SyncRunId};
use utoipa::ToSchema;

use super::{OperationError, Operations, RequestContext, Tried, boxed, full_page};
use crate::tenants::{SiteStatusRequest, SyncProgress, SyncRequest};
use crate::utility::Answer;

/// Runs, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncRunPage {
    /// The runs.
    pub runs: Vec<SyncRun>,
    /// The value of `before` for the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub next: Option<SyncRunId>,
}

/// The results for connections on tenants, in the order of their arrival.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncResultPage {
    /// The results.
    pub results: Vec<SyncResult>,
    /// The value of `after` for the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub next: Option<SyncResultId>,
}

/// A requested sync.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SyncToRun {
    /// The connections and tenants to sync.
    pub request: SyncRequest,
    /// Whether the sync is only planned and changes nothing.
    #[serde(default)]
    pub plan: bool,
}

impl Operations {
    /// At most `limit` runs older than the run `before`, the newest first.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn list_sync_runs(
        &self,
        context: &RequestContext,
        before: Option<SyncRunId>,
        limit: i64,
    ) -> Result<SyncRunPage, OperationError> {
        context.must_administer()?;
        let runs = self.reader(context).await?.records().sync_runs(before, limit).await?;
        let next = full_page(&runs, limit).map(|run| run.id);
        Ok(SyncRunPage { runs, next })
    }

    /// The run with this id.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn sync_run(&self, context: &RequestContext, id: SyncRunId) -> Result<SyncRun, OperationError> {
        context.must_administer()?;
        Ok(self.reader(context).await?.records().sync_run(id).await?)
    }

    /// At most `limit` results of a run.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn sync_results(
        &self,
        context: &RequestContext,
        id: SyncRunId,
        filter: SyncResultFilter,
        limit: i64,
    ) -> Result<SyncResultPage, OperationError> {
        context.must_administer()?;
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        records.sync_run(id).await?;
        let found = records.sync_results(id, filter, limit).await?;
        let next = full_page(&found, limit).map(|(id, _)| *id);
        Ok(SyncResultPage { results: found.into_iter().map(|(_, result)| result).collect(), next })
    }

    /// Syncs connections, or plans a sync. Returns once every tenant was tried. `on_progress` gets the progress.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn run_sync(
        &self,
        context: &RequestContext,
        wanted: &SyncToRun,
        on_progress: &(dyn Fn(SyncProgress) + Send + Sync),
    ) -> Result<Tried<SyncRun>, OperationError> {
        let caller = context.caller_anywhere(&mut self.reader(context).await?.records()).await?;
        let run = self.tenants()?.sync(&caller, &wanted.request, wanted.plan, on_progress).await?;
        Ok(tried(run, &wanted.request.tenant_site))
    }

    /// Activates or deactivates a site of a tenant. The answer has the tenant's result.
    ///
    /// # Errors
    /// [`OperationError`] when the tenant was not called.
    #[boxed]
    pub async fn set_tenant_site_status(
        &self,
        context: &RequestContext,
        site: Option<&str>,
        request: &SiteStatusRequest,
    ) -> Result<Tried<Answer>, OperationError> {
        let caller = match site {
            Some(site) => context.caller(self.site(context, site).await?),
            None => context.caller_anywhere(&mut self.reader(context).await?.records()).await?,
        };
        let answer = self.tenants()?.set_site_status(&caller, request).await?;
        let about = format!("{request}: {}", answer.return_data.as_str());
        Ok(Tried { value: answer, about, site: request.tenant_site.clone() })
    }

    /// Repeats exactly the failed parts of a run. `on_progress` gets the progress.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn retry_sync(
        &self,
        context: &RequestContext,
        id: SyncRunId,
        on_progress: &(dyn Fn(SyncProgress) + Send + Sync),
    ) -> Result<Tried<SyncRun>, OperationError> {
        let caller = context.caller_anywhere(&mut self.reader(context).await?.records()).await?;
        Ok(tried(self.tenants()?.retry_failed(&caller, id, on_progress).await?, ""))
    }
}

fn tried(run: SyncRun, site: &str) -> Tried<SyncRun> {
    let kind = if run.planned { "plan " } else { "run " };
    Tried { about: format!("{kind}{}: {}", run.id, run.status), value: run, site: site.to_owned() }
}

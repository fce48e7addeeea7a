//! On a master: runs of Sync Connection.

use serde::{Deserialize, Serialize};
use serde_json::json;
use soar_store::SyncResultFilter;
use soar_store::model::{SyncChange, SyncResult, SyncRun};
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, LIMIT, Managed, NUMBER, Operation, Outside, Query, Run, described};
use crate::tenants::SyncRequest;

/// Runs, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SyncRunPage {
    runs: Vec<SyncRun>,
    /// What to send as before for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// What became of connections on tenants, in the order in which it came.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SyncResultPage {
    results: Vec<SyncResult>,
    /// What to send as after for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// A sync that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SyncToRun {
    /// What is to be synced.
    request: SyncRequest,
    /// Whether only to find out what it would do.
    #[serde(default)]
    plan: bool,
}

/// What errors call a run of a sync.
const WHAT: &str = "sync run";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/sync-runs",
            id: "listSyncRuns",
            summary: "On a master: what was synced and what became of it, the newest first",
            query: &[
                Query { name: "before", about: "Only runs before the one of this number.", schema: NUMBER },
                LIMIT,
            ],
            body: None,
            status: 200,
            answer: described::<SyncRunPage>,
            run: Run::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "post",
            path: "/sync-runs",
            id: "runSync",
            summary: "On a master: sync connections, or plan to; answered when every tenant was tried",
            query: &[],
            body: Some(described::<SyncToRun>),
            status: 200,
            answer: described::<SyncRun>,
            run: Run::Outside(|managed| Box::pin(run(managed))),
        },
        Operation {
            method: "get",
            path: "/sync-runs/{id}",
            id: "getSyncRun",
            summary: "On a master: one run",
            query: &[],
            body: None,
            status: 200,
            answer: described::<SyncRun>,
            run: Run::Inside(|mut managed| {
                Box::pin(async move {
                    let id = managed.numbered("id", WHAT)?;
                    Done::new(managed.records.sync_run(id, managed.now).await?, "")
                })
            }),
        },
        Operation {
            method: "get",
            path: "/sync-runs/{id}/results",
            id: "listSyncResults",
            summary: "On a master: what became of each connection on each tenant",
            query: &[
                Query { name: "after", about: "Only results after the one of this number.", schema: NUMBER },
                Query {
                    name: "change",
                    about: "Only those that came to this.",
                    schema: || json!({ "enum": SyncChange::ALL }),
                },
                LIMIT,
            ],
            body: None,
            status: 200,
            answer: described::<SyncResultPage>,
            run: Run::Inside(|managed| Box::pin(results(managed))),
        },
        Operation {
            method: "post",
            path: "/sync-runs/{id}/retry",
            id: "retrySync",
            summary: "On a master: try again exactly what failed in a run",
            query: &[],
            body: None,
            status: 200,
            answer: described::<SyncRun>,
            run: Run::Outside(|managed| Box::pin(retry(managed))),
        },
    ]
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let limit = managed.limit()?;
    let before = managed.number("before")?.unwrap_or(i64::MAX);
    let runs = managed.records.sync_runs(before, limit, managed.now).await?;
    let is_full = i64::try_from(runs.len()).is_ok_and(|found| found == limit);
    let next = runs.last().filter(|_| is_full).map(|run| run.id);
    Done::new(SyncRunPage { runs, next }, "")
}

async fn results(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let limit = managed.limit()?;
    let filter = SyncResultFilter {
        change: managed.choice("change")?,
        after: managed.number("after")?.unwrap_or(0),
        ..SyncResultFilter::default()
    };
    managed.records.sync_run(id, managed.now).await?;
    let found = managed.records.sync_results(id, filter, limit).await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|found| found == limit);
    let next = found.last().filter(|_| is_full).map(|(id, _)| *id);
    Done::new(SyncResultPage { results: found.into_iter().map(|(_, result)| result).collect(), next }, "")
}

async fn run(managed: Outside<'_>) -> Result<Done, ManageError> {
    let SyncToRun { request, plan } = managed.body()?;
    let caller = managed.caller_anywhere().await?;
    let run = managed.tenants()?.sync(&caller, &request, plan, &|_| {}).await?;
    done(&run, &request.tenant_site)
}

async fn retry(managed: Outside<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let caller = managed.caller_anywhere().await?;
    done(&managed.tenants()?.retry_failed(&caller, id, &|_| {}).await?, "")
}

fn done(run: &SyncRun, site: &str) -> Result<Done, ManageError> {
    let kind = if run.planned { "plan " } else { "run " };
    Ok(Done::new(run, format!("{kind}{}: {}", run.id, run.status))?.on(site))
}

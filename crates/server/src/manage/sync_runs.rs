//! On a master: runs of Sync Connection.

use axum::response::Response;
use serde::Deserialize;
use soar_store::SyncResultFilter;
use soar_store::model::{SyncChange, SyncResultId, SyncRun, SyncRunId};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::address::Id;
use super::query::{Before, PageLimit, choice};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::{SyncResultPage, SyncRunPage, SyncToRun};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(handlers!(list, run))
        .routes(handlers!(get))
        .routes(handlers!(results))
        .routes(handlers!(retry))
}

/// The filter of results.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SyncResultUrlQuery {
    /// Only results after the result with this id.
    #[param(value_type = Option<i64>)]
    after: Option<SyncResultId>,
    /// Only results of this kind.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    change: Option<SyncChange>,
    /// The most results on the page; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: PageLimit,
}

/// On a master: the runs of Sync Connection with their results, the newest first; before is the id of a run
#[utoipa::path(get, path = "/sync-runs", operation_id = "listSyncRuns", params(Before<SyncRunId>),
    responses((status = 200, body = SyncRunPage)))]
async fn list(Managed { request, query, .. }: Managed<Nothing, Before<SyncRunId>>) -> Response {
    let page = request.operations().list_sync_runs(&request.context, query.before, query.limit.0).await;
    request.answer(page).await
}

/// On a master: sync connections, or plan a sync; the answer comes once every tenant was tried
#[utoipa::path(post, path = "/sync-runs", operation_id = "runSync", request_body = SyncToRun,
    responses((status = 200, body = SyncRun)))]
async fn run(Managed { request, body, .. }: Managed<Nothing, Nothing, SyncToRun>) -> Response {
    let run = request.operations().run_sync(&request.context, &body, &|_| {}).await;
    request.answer_tried(run).await
}

/// On a master: one run
#[utoipa::path(get, path = "/sync-runs/{id}", operation_id = "getSyncRun", params(Id<SyncRunId>),
    responses((status = 200, body = SyncRun)))]
async fn get(Managed { request, path, .. }: Managed<Id<SyncRunId>>) -> Response {
    let run = request.operations().sync_run(&request.context, path.id).await;
    request.answer(run).await
}

/// On a master: the result of each connection on each tenant
#[utoipa::path(get, path = "/sync-runs/{id}/results", operation_id = "listSyncResults",
    params(Id<SyncRunId>, SyncResultUrlQuery), responses((status = 200, body = SyncResultPage)))]
async fn results(Managed { request, path, query, .. }: Managed<Id<SyncRunId>, SyncResultUrlQuery>) -> Response {
    let SyncResultUrlQuery { after, change, limit } = query;
    let filter = SyncResultFilter { change, after, ..SyncResultFilter::default() };
    let page = request.operations().sync_results(&request.context, path.id, filter, limit.0).await;
    request.answer(page).await
}

/// On a master: repeat exactly the failed parts of a run
#[utoipa::path(post, path = "/sync-runs/{id}/retry", operation_id = "retrySync", params(Id<SyncRunId>),
    responses((status = 200, body = SyncRun)))]
async fn retry(Managed { request, path, .. }: Managed<Id<SyncRunId>>) -> Response {
    let run = request.operations().retry_sync(&request.context, path.id, &|_| {}).await;
    request.answer_tried(run).await
}

//! Runs of integration commands.

use axum::response::Response;
use serde::Deserialize;
use soar_store::RunFilter;
use soar_store::model::{ConnectionId, Run, RunId, RunStatus};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::address::{Id, IdempotencyHeader};
use super::query::{PageLimit, choice};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::{RunCancelled, RunPage};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list)).routes(handlers!(get)).routes(handlers!(cancel))
}

/// The filter of runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RunUrlQuery {
    /// Only runs before the run with this id.
    #[param(value_type = Option<i64>)]
    before: Option<RunId>,
    /// Only runs on this site.
    #[param(pattern = r"^[^\u0000]*$")]
    site: Option<String>,
    /// Only runs on the connection with this id.
    #[param(value_type = Option<i64>)]
    connection: Option<ConnectionId>,
    /// Only runs of this command, such as List Devices.
    #[param(pattern = r"^[^\u0000]*$")]
    command: Option<String>,
    /// Only runs in this user's name.
    #[param(pattern = r"^[^\u0000]*$")]
    user: Option<String>,
    /// Only runs with this status.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    status: Option<RunStatus>,
    /// The most runs on the page; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: PageLimit,
}

/// The run history: integration commands with their users and results, the newest first
#[utoipa::path(get, path = "/runs", operation_id = "listRuns", params(RunUrlQuery),
    responses((status = 200, body = RunPage)))]
async fn list(Managed { request, query, .. }: Managed<Nothing, RunUrlQuery>) -> Response {
    let RunUrlQuery { before, site, connection, command, user, status, limit } = query;
    let filter = RunFilter { connection, command, user, status, before, limit: Some(limit.0) };
    let page = request.operations().list_runs(&request.context, site.as_deref(), &filter).await;
    request.answer(page).await
}

/// One run, with the stored part of its outcome
#[utoipa::path(get, path = "/runs/{id}", operation_id = "getRun", params(Id<RunId>), responses((status = 200, body = Run)))]
async fn get(Managed { request, path, .. }: Managed<Id<RunId>>) -> Response {
    let run = request.operations().run(&request.context, path.id).await;
    request.answer(run).await
}

/// Cancel a run; a run of another host on the same store ends at that host's next heartbeat
#[utoipa::path(post, path = "/runs/{id}/cancel", operation_id = "cancelRun", params(Id<RunId>, IdempotencyHeader),
    responses((status = 200, body = RunCancelled)))]
async fn cancel(Managed { request, path, .. }: Managed<Id<RunId>>) -> Response {
    let cancelled = request.operations().cancel_run(&request.context, path.id).await;
    request.answer_change(cancelled).await
}

//! Schedules of commands.

use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use super::address::{Id, IdempotencyHeader};
use super::query::{Before, OnSite};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::ScheduleLog;
use soar_host::scheduler::{ScheduleChange, ScheduleDraft, ScheduleShown};
use soar_store::model::{ScheduleId, ScheduleRunId};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(handlers!(list, create))
        .routes(handlers!(get, change, remove))
        .routes(handlers!(run))
        .routes(handlers!(log))
}

/// All schedules of commands, by name, with their health
#[utoipa::path(get, path = "/schedules", operation_id = "listSchedules", params(OnSite),
    responses((status = 200, body = Vec<ScheduleShown>)))]
async fn list(Managed { request, query, .. }: Managed<Nothing, OnSite>) -> Response {
    let schedules = request.operations().list_schedules(&request.context, query.site.as_deref()).await;
    request.answer(schedules).await
}

/// Make a schedule, which runs a command on a connection in the caller's name
#[utoipa::path(post, path = "/schedules", operation_id = "makeSchedule", params(IdempotencyHeader),
    request_body = ScheduleDraft, responses((status = 201, body = ScheduleShown)))]
async fn create(Managed { request, body, .. }: Managed<Nothing, Nothing, ScheduleDraft>) -> Response {
    let request = request.creating();
    let made = request.operations().create_schedule(&request.context, body).await;
    request.answer_change(made).await
}

/// One schedule
#[utoipa::path(get, path = "/schedules/{id}", operation_id = "getSchedule", params(Id<ScheduleId>),
    responses((status = 200, body = ScheduleShown)))]
async fn get(Managed { request, path, .. }: Managed<Id<ScheduleId>>) -> Response {
    let schedule = request.operations().schedule(&request.context, path.id).await;
    request.answer(schedule).await
}

/// Change a schedule; fields that are left out stay unchanged
#[utoipa::path(patch, path = "/schedules/{id}", operation_id = "changeSchedule", params(Id<ScheduleId>, IdempotencyHeader),
    request_body = ScheduleChange, responses((status = 200, body = ScheduleShown)))]
async fn change(Managed { request, path, body, .. }: Managed<Id<ScheduleId>, Nothing, ScheduleChange>) -> Response {
    let changed = request.operations().change_schedule(&request.context, path.id, body).await;
    request.answer_change(changed).await
}

/// Delete a schedule; the answer is the deleted schedule, and its log stays for its retention time
#[utoipa::path(delete, path = "/schedules/{id}", operation_id = "deleteSchedule", params(Id<ScheduleId>, IdempotencyHeader),
    responses((status = 200, body = ScheduleShown)))]
async fn remove(Managed { request, path, .. }: Managed<Id<ScheduleId>>) -> Response {
    let removed = request.operations().remove_schedule(&request.context, path.id).await;
    request.answer_change(removed).await
}

/// Run a schedule once now, in addition to its due times
#[utoipa::path(post, path = "/schedules/{id}/run", operation_id = "runSchedule", params(Id<ScheduleId>, IdempotencyHeader),
    responses((status = 200, body = ScheduleShown)))]
async fn run(Managed { request, path, .. }: Managed<Id<ScheduleId>>) -> Response {
    let schedule = request.operations().run_schedule(&request.context, path.id).await;
    request.answer_change(schedule).await
}

/// The log of a schedule: its runs with input, output and error, the latest first; before is the id of a run
#[utoipa::path(get, path = "/schedules/{id}/runs", operation_id = "listScheduleRuns", params(Id<ScheduleId>, Before<ScheduleRunId>),
    responses((status = 200, body = ScheduleLog)))]
async fn log(Managed { request, path, query, .. }: Managed<Id<ScheduleId>, Before<ScheduleRunId>>) -> Response {
    let Before { before, limit } = query;
    let log = request.operations().schedule_log(&request.context, path.id, before, limit.0).await;
    request.answer(log).await
}

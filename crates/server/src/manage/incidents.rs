//! Incidents: list, show, make, change and link. The Command API changes many at once.

use axum::response::Response;
use serde::Deserialize;
use soar_store::SearchOrder;
use soar_store::model::{Moment, Severity, Status};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::address::{IdempotencyHeader, Number, NumberAndTask};
use super::query::{Offset, PageLimit, PartOfTitle, choice};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::{
    IncidentPage, IncidentSearch, IncidentToChange, IncidentToMake, IncidentsLinked, IncidentsToLink, TaskToChange,
};
use soar_host::views::{IncidentFilter, WholeIncident};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(handlers!(list, create))
        .routes(handlers!(get, change))
        .routes(handlers!(link))
        .routes(handlers!(change_task))
}

/// The filter of incidents.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct IncidentUrlQuery {
    /// Only incidents on this site.
    #[param(pattern = r"^[^\u0000]*$")]
    site: Option<String>,
    /// Only incidents with this status.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    status: Option<Status>,
    /// Only incidents of this severity.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    severity: Option<Severity>,
    /// Only incidents of this owner.
    #[param(pattern = r"^[^\u0000]*$")]
    owner: Option<String>,
    /// Only incidents with this text in the title. Upper and lower case do not matter.
    #[param(value_type = Option<String>, pattern = r"^[^\u0000]*$", max_length = 100)]
    title: Option<PartOfTitle>,
    /// Only incidents with these words. Each begins a word of the number, the title, the type or a dynamic field. Case
    /// and diacritics do not matter.
    #[param(value_type = Option<String>, pattern = r"^[^\u0000]*$", max_length = 100)]
    text: Option<PartOfTitle>,
    /// The order of the incidents by their creation: the oldest first unless given.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    order: Option<SearchOrder>,
    /// Only incidents created at this time or later.
    #[param(value_type = Option<i64>)]
    since: Option<Moment>,
    /// Only incidents created before this time.
    #[param(value_type = Option<i64>)]
    until: Option<Moment>,
    /// The number of incidents to skip; 0 unless given.
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
    /// The most incidents on the page; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: PageLimit,
}

/// Incidents that match the filter
#[utoipa::path(get, path = "/incidents", operation_id = "listIncidents", params(IncidentUrlQuery),
    responses((status = 200, body = IncidentPage)))]
async fn list(Managed { request, query, .. }: Managed<Nothing, IncidentUrlQuery>) -> Response {
    let IncidentUrlQuery { site, status, severity, owner, title, text, order, since, until, offset, limit } = query;
    let (title, text) = (title.map(|PartOfTitle(title)| title), text.map(|PartOfTitle(text)| text));
    let filter = IncidentFilter { status, severity, owner, title, text };
    let order = order.unwrap_or_default();
    let (offset, limit) = (offset.0, limit.0);
    let wanted = IncidentSearch { site, filter, since, until, order, after: None, offset, limit };
    let page = request.operations().list_incidents(&request.context, wanted).await;
    request.answer(page).await
}

/// Make an incident, as the command CreateAnIncident does
#[utoipa::path(post, path = "/incidents", operation_id = "makeIncident", params(IdempotencyHeader),
    request_body = IncidentToMake, responses((status = 201, body = WholeIncident)))]
async fn create(Managed { request, body, .. }: Managed<Nothing, Nothing, IncidentToMake>) -> Response {
    let request = request.creating();
    let made = request.operations().create_incident(&request.context, body).await;
    request.answer_change(made).await
}

/// One incident, with its tasks, fields and links
#[utoipa::path(get, path = "/incidents/{number}", operation_id = "getIncident", params(Number),
    responses((status = 200, body = WholeIncident)))]
async fn get(Managed { request, path, .. }: Managed<Number>) -> Response {
    let incident = request.operations().incident(&request.context, &path.number).await;
    request.answer(incident).await
}

/// Change an incident, as the command SetIncidentField does: all given fields, or none
#[utoipa::path(patch, path = "/incidents/{number}", operation_id = "changeIncident",
    params(Number, IdempotencyHeader), request_body = IncidentToChange,
    responses((status = 200, body = WholeIncident)))]
async fn change(Managed { request, path, body, .. }: Managed<Number, Nothing, IncidentToChange>) -> Response {
    let changed = request.operations().change_incident(&request.context, &path.number, body).await;
    request.answer_change(changed).await
}

/// Link an incident with other incidents: with all of them, or with none if one cannot be linked
#[utoipa::path(post, path = "/incidents/{number}/links", operation_id = "linkIncidents",
    params(Number, IdempotencyHeader), request_body = IncidentsToLink,
    responses((status = 200, body = IncidentsLinked)))]
async fn link(Managed { request, path, body, .. }: Managed<Number, Nothing, IncidentsToLink>) -> Response {
    let linked = request.operations().link_incidents(&request.context, &path.number, &body.incidents).await;
    request.answer_change(linked).await
}

/// Mark a task of an incident as done or pending
#[utoipa::path(put, path = "/incidents/{number}/tasks/{name}", operation_id = "changeTask",
    params(NumberAndTask, IdempotencyHeader), request_body = TaskToChange,
    responses((status = 200, body = WholeIncident)))]
async fn change_task(Managed { request, path, body, .. }: Managed<NumberAndTask, Nothing, TaskToChange>) -> Response {
    let NumberAndTask { number, name } = path;
    let changed = request.operations().change_task(&request.context, &number, &name, body.done).await;
    request.answer_change(changed).await
}

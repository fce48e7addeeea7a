//! Connections. No answer contains their secrets.

use axum::response::Response;
use serde::Deserialize;
use soar_store::model::{Connection, ConnectionId};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::address::{Id, IdempotencyHeader};
use super::query::{Offset, PageLimit};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::connections::{ConnectionChange, ConnectionDraft};
use soar_host::operations::{ConnectionQuery, ConnectionTested, UnsavedTested};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(handlers!(list, create))
        .routes(handlers!(get, change, remove))
        .routes(handlers!(test))
        .routes(handlers!(test_draft))
        .routes(handlers!(test_change))
        .routes(handlers!(diagnose))
}

/// The site of a test.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TestedOn {
    /// The site on which a shared connection is tested. Its recipient site unless given.
    #[param(pattern = r"^[^\u0000]*$")]
    site: Option<String>,
}

/// The filter of connections.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConnectionUrlQuery {
    /// Only connections on this site, including shared connections.
    #[param(pattern = r"^[^\u0000]*$")]
    site: Option<String>,
    /// Only connections of this integration.
    #[param(pattern = r"^[^\u0000]*$")]
    integration: Option<String>,
    /// Only connections of this name. Upper and lower case do not matter.
    #[param(pattern = r"^[^\u0000]*$")]
    name: Option<String>,
    /// The number of connections to skip; 0 unless given.
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
    /// The most connections; all unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: Option<PageLimit>,
}

/// Connections, by integration and name, without their secrets; all of them unless the filter says otherwise
#[utoipa::path(get, path = "/connections", operation_id = "listConnections", params(ConnectionUrlQuery),
    responses((status = 200, body = Vec<Connection>)))]
async fn list(Managed { request, query, .. }: Managed<Nothing, ConnectionUrlQuery>) -> Response {
    let ConnectionUrlQuery { site, integration, name, offset, limit } = query;
    let limit = limit.map(|PageLimit(limit)| limit);
    let wanted = ConnectionQuery { site, integration, name, offset: offset.0, limit, ..ConnectionQuery::default() };
    let page = request.operations().list_connections(&request.context, &wanted).await;
    request.answer(page.map(|page| page.connections)).await
}

/// Make a connection; GET /integrations lists the parameters of each integration
#[utoipa::path(post, path = "/connections", operation_id = "makeConnection", params(IdempotencyHeader),
    request_body = ConnectionDraft, responses((status = 201, body = Connection)))]
async fn create(Managed { request, body, .. }: Managed<Nothing, Nothing, ConnectionDraft>) -> Response {
    let request = request.creating();
    let made = request.operations().create_connection(&request.context, body).await;
    request.answer_change(made).await
}

/// One connection, without its secrets
#[utoipa::path(get, path = "/connections/{id}", operation_id = "getConnection", params(Id<ConnectionId>),
    responses((status = 200, body = Connection)))]
async fn get(Managed { request, path, .. }: Managed<Id<ConnectionId>>) -> Response {
    let connection = request.operations().connection(&request.context, path.id).await;
    request.answer(connection).await
}

/// Change a connection; fields and secrets that are left out stay unchanged
#[utoipa::path(patch, path = "/connections/{id}", operation_id = "changeConnection", params(Id<ConnectionId>, IdempotencyHeader),
    request_body = ConnectionChange, responses((status = 200, body = Connection)))]
async fn change(Managed { request, path, body, .. }: Managed<Id<ConnectionId>, Nothing, ConnectionChange>) -> Response {
    let changed = request.operations().change_connection(&request.context, path.id, body).await;
    request.answer_change(changed).await
}

/// Delete a connection and its secrets; the answer is the deleted connection, and the history of its runs stays
#[utoipa::path(delete, path = "/connections/{id}", operation_id = "deleteConnection", params(Id<ConnectionId>, IdempotencyHeader),
    responses((status = 200, body = Connection)))]
async fn remove(Managed { request, path, .. }: Managed<Id<ConnectionId>>) -> Response {
    let removed = request.operations().remove_connection(&request.context, path.id).await;
    request.answer_change(removed).await
}

/// Test a connection with the command of its health check; the run history stores the test
#[utoipa::path(post, path = "/connections/{id}/test", operation_id = "testConnection", params(Id<ConnectionId>, TestedOn),
    responses((status = 200, body = ConnectionTested)))]
async fn test(Managed { request, path, query, .. }: Managed<Id<ConnectionId>, TestedOn>) -> Response {
    let tested = request.operations().test_connection(&request.context, path.id, query.site.as_deref()).await;
    request.answer_tried(tested).await
}

/// Test the connection that a draft would create; nothing is stored
#[utoipa::path(post, path = "/connections/test", operation_id = "testConnectionDraft",
    request_body = ConnectionDraft, responses((status = 200, body = UnsavedTested),
        (status = 409, description = "The name is taken, or the connection was changed meanwhile.")))]
async fn test_draft(Managed { request, body, .. }: Managed<Nothing, Nothing, ConnectionDraft>) -> Response {
    let tested = request.operations().test_draft(&request.context, body).await;
    request.answer_tried(tested).await
}

/// Test a connection with a change; nothing is stored
#[utoipa::path(post, path = "/connections/{id}/test-change", operation_id = "testConnectionChange",
    params(Id<ConnectionId>), request_body = ConnectionChange, responses((status = 200, body = UnsavedTested),
        (status = 409, description = "The name is taken, or the connection was changed meanwhile.")))]
async fn test_change(
    Managed { request, path, body, .. }: Managed<Id<ConnectionId>, Nothing, ConnectionChange>,
) -> Response {
    let tested = request.operations().test_change(&request.context, path.id, body).await;
    request.answer_tried(tested).await
}

/// Diagnose a connection: the stages up to its server, and the commands that its account may run
#[utoipa::path(post, path = "/connections/{id}/diagnose", operation_id = "diagnoseConnection", params(Id<ConnectionId>, TestedOn),
    responses((status = 200, body = serde_json::Value)))]
async fn diagnose(Managed { request, path, query, .. }: Managed<Id<ConnectionId>, TestedOn>) -> Response {
    let diagnosed = request.operations().diagnose_connection(&request.context, path.id, query.site.as_deref()).await;
    request.answer_tried(diagnosed).await
}

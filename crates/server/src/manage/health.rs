//! The health of connections.

use axum::response::Response;
use serde::Deserialize;
use soar_store::WaitingMessage;
use soar_store::model::{ConnectionId, HealthState, Moment};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::address::Id;
use super::query::{Before, Limited, PageLimit, choice};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::health::{ConnectionHistory, HealthFilter, HealthTable};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list)).routes(handlers!(history)).routes(handlers!(waiting))
}

/// The filter of connections.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HealthUrlQuery {
    /// Only connections of this site.
    #[param(pattern = r"^[^\u0000]*$")]
    site: Option<String>,
    /// Only connections in this state.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    state: Option<HealthState>,
    /// The most connections on the page; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: PageLimit,
}

/// The health of connections by their health checks, the worst first
#[utoipa::path(get, path = "/health", operation_id = "listHealth", params(HealthUrlQuery),
    responses((status = 200, body = HealthTable)))]
async fn list(Managed { request, query, .. }: Managed<Nothing, HealthUrlQuery>) -> Response {
    let HealthUrlQuery { site, state, limit } = query;
    let filter = HealthFilter { state, limit: Some(limit.0), ..HealthFilter::default() };
    let table = request.operations().list_health(&request.context, site.as_deref(), filter).await;
    request.answer(table).await
}

/// The history of a connection's health checks, the latest first
#[utoipa::path(get, path = "/connections/{id}/health", operation_id = "getConnectionHealth", params(Id<ConnectionId>, Before<Moment>),
    responses((status = 200, body = ConnectionHistory)))]
async fn history(Managed { request, path, query, .. }: Managed<Id<ConnectionId>, Before<Moment>>) -> Response {
    let Before { before, limit } = query;
    let history = request.operations().health_history(&request.context, path.id, before, limit.0).await;
    request.answer(history).await
}

/// Undelivered alerts with the reason, the oldest first
#[utoipa::path(get, path = "/alerts/waiting", operation_id = "listWaitingAlerts", params(Limited),
    responses((status = 200, body = Vec<WaitingMessage>)))]
async fn waiting(Managed { request, query, .. }: Managed<Nothing, Limited>) -> Response {
    let alerts = request.operations().list_waiting_alerts(&request.context, query.limit.0).await;
    request.answer(alerts).await
}

//! On a tenant: the masters that it takes connections from.

use axum::response::Response;
use soar_store::model::Master;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::address::{IdempotencyHeader, Name};
use super::request::Managed;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, remove)).routes(routes!(revoke))
}

/// On a tenant: the masters that it takes, or took, connections from, by name
#[utoipa::path(get, path = "/masters", operation_id = "listMasters", responses((status = 200, body = Vec<Master>)))]
async fn list(Managed { request, .. }: Managed) -> Response {
    let masters = request.operations().list_masters(&request.context).await;
    request.answer(masters).await
}

/// On a tenant: one master
#[utoipa::path(get, path = "/masters/{name}", operation_id = "getMaster", params(Name),
    responses((status = 200, body = Master)))]
async fn get(Managed { request, path, .. }: Managed<Name>) -> Response {
    let master = request.operations().master(&request.context, &path.name).await;
    request.answer(master).await
}

/// On a tenant: take nothing from a master any more; what it sent stays, and stays the master's
#[utoipa::path(post, path = "/masters/{name}/revoke", operation_id = "revokeMaster", params(Name, IdempotencyHeader),
    responses((status = 200, body = Master)))]
async fn revoke(Managed { request, path, .. }: Managed<Name>) -> Response {
    let revoked = request.operations().revoke_master(&request.context, &path.name).await;
    request.answer_change(revoked).await
}

/// On a tenant: forget a revoked master and delete what it sent; answered as it was
#[utoipa::path(delete, path = "/masters/{name}", operation_id = "removeMaster", params(Name, IdempotencyHeader),
    responses((status = 200, body = Master)))]
async fn remove(Managed { request, path, .. }: Managed<Name>) -> Response {
    let removed = request.operations().remove_master(&request.context, &path.name).await;
    request.answer_change(removed).await
}

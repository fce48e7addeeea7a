//! On a tenant: its masters.

use axum::response::Response;
use soar_store::model::Master;
use utoipa_axum::router::OpenApiRouter;

use super::address::{IdempotencyHeader, Name};
use super::request::Managed;
use super::{Routes, handlers};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list)).routes(handlers!(get, remove)).routes(handlers!(revoke))
}

/// On a tenant: its registered and revoked masters, by name
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

/// On a tenant: revoke a master; the connections that it sent stay, and still belong to the master
#[utoipa::path(post, path = "/masters/{name}/revoke", operation_id = "revokeMaster", params(Name, IdempotencyHeader),
    responses((status = 200, body = Master)))]
async fn revoke(Managed { request, path, .. }: Managed<Name>) -> Response {
    let revoked = request.operations().revoke_master(&request.context, &path.name).await;
    request.answer_change(revoked).await
}

/// On a tenant: remove a revoked master and the connections that it sent; the answer is the removed master
#[utoipa::path(delete, path = "/masters/{name}", operation_id = "removeMaster", params(Name, IdempotencyHeader),
    responses((status = 200, body = Master)))]
async fn remove(Managed { request, path, .. }: Managed<Name>) -> Response {
    let removed = request.operations().remove_master(&request.context, &path.name).await;
    request.answer_change(removed).await
}

//! API keys and JWT keys. Only the answer to making a key contains its text.

use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use super::address::{IdempotencyHeader, Name};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::{KeyShown, KeyToMake};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list, create)).routes(handlers!(get)).routes(handlers!(revoke))
}

/// All keys, by name, without their secrets
#[utoipa::path(get, path = "/keys", operation_id = "listKeys", responses((status = 200, body = Vec<KeyShown>)))]
async fn list(Managed { request, .. }: Managed) -> Response {
    let keys = request.operations().list_keys(&request.context).await;
    request.answer(keys).await
}

/// Make a key; only this answer contains its text
#[utoipa::path(post, path = "/keys", operation_id = "makeKey", params(IdempotencyHeader), request_body = KeyToMake,
    responses((status = 201, body = KeyShown)))]
async fn create(Managed { request, body, .. }: Managed<Nothing, Nothing, KeyToMake>) -> Response {
    let request = request.creating();
    let made = request.operations().create_key(&request.context, body).await;
    request.answer_change(made).await
}

/// One key, without its secret
#[utoipa::path(get, path = "/keys/{name}", operation_id = "getKey", params(Name),
    responses((status = 200, body = KeyShown)))]
async fn get(Managed { request, path, .. }: Managed<Name>) -> Response {
    let key = request.operations().key(&request.context, &path.name).await;
    request.answer(key).await
}

/// Revoke a key for ever; it is refused from the next call on
#[utoipa::path(post, path = "/keys/{name}/revoke", operation_id = "revokeKey", params(Name, IdempotencyHeader),
    responses((status = 200, body = KeyShown)))]
async fn revoke(Managed { request, path, .. }: Managed<Name>) -> Response {
    let revoked = request.operations().revoke_key(&request.context, &path.name).await;
    request.answer_change(revoked).await
}

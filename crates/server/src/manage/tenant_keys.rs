//! On a tenant: the one-time keys with which masters register.

use axum::response::Response;
use soar_store::model::TenantKey;
use utoipa_axum::router::OpenApiRouter;

use super::address::{IdempotencyHeader, Name};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::{TenantKeyMade, TenantKeyToMake};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list, create)).routes(handlers!(revoke))
}

/// On a tenant: its one-time keys, the newest first, without their secrets
#[utoipa::path(get, path = "/tenant-keys", operation_id = "listTenantKeys",
    responses((status = 200, body = Vec<TenantKey>)))]
async fn list(Managed { request, .. }: Managed) -> Response {
    let keys = request.operations().list_tenant_keys(&request.context).await;
    request.answer(keys).await
}

/// On a tenant: make a one-time key for a master; only this answer contains its text
#[utoipa::path(post, path = "/tenant-keys", operation_id = "makeTenantKey", params(IdempotencyHeader),
    request_body = TenantKeyToMake, responses((status = 201, body = TenantKeyMade)))]
async fn create(Managed { request, body, .. }: Managed<Nothing, Nothing, TenantKeyToMake>) -> Response {
    let request = request.creating();
    let made = request.operations().create_tenant_key(&request.context, &body).await;
    request.answer_change(made).await
}

/// On a tenant: revoke a one-time key that no master has used
#[utoipa::path(post, path = "/tenant-keys/{name}/revoke", operation_id = "revokeTenantKey",
    params(Name, IdempotencyHeader), responses((status = 200, body = TenantKey)))]
async fn revoke(Managed { request, path, .. }: Managed<Name>) -> Response {
    let revoked = request.operations().revoke_tenant_key(&request.context, &path.name).await;
    request.answer_change(revoked).await
}

//! On a master: its tenants. No answer contains their one-time keys.

use axum::response::Response;
use serde::Deserialize;
use soar_store::TenantFilter;
use soar_store::model::{Tenant, TenantId};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::address::{Id, IdempotencyHeader};
use super::query::PageLimit;
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::{TenantMove, TenantPage, TenantRegistration};
use soar_host::tenants::TenantDraft;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(handlers!(list, create))
        .routes(handlers!(get, change, remove))
        .routes(handlers!(register))
        .routes(handlers!(revoke))
}

/// The filter of tenants.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TenantUrlQuery {
    /// Only tenants after the tenant with this id.
    #[param(value_type = Option<i64>)]
    after: Option<TenantId>,
    /// Only tenants in this region.
    #[param(pattern = r"^[^\u0000]*$")]
    region: Option<String>,
    /// Only tenants of this name.
    #[param(pattern = r"^[^\u0000]*$")]
    name: Option<String>,
    /// The most tenants on the page; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: PageLimit,
}

/// On a master: its tenants, by id
#[utoipa::path(get, path = "/tenants", operation_id = "listTenants", params(TenantUrlQuery),
    responses((status = 200, body = TenantPage)))]
async fn list(Managed { request, query, .. }: Managed<Nothing, TenantUrlQuery>) -> Response {
    let TenantUrlQuery { after, region, name, limit } = query;
    let filter = TenantFilter { region, name, without_revoked: false, after };
    let page = request.operations().list_tenants(&request.context, &filter, limit.0).await;
    request.answer(page).await
}

/// On a master: add a tenant; the next step is its registration
#[utoipa::path(post, path = "/tenants", operation_id = "addTenant", params(IdempotencyHeader),
    request_body = TenantDraft, responses((status = 201, body = Tenant)))]
async fn create(Managed { request, body, .. }: Managed<Nothing, Nothing, TenantDraft>) -> Response {
    let request = request.creating();
    let added = request.operations().create_tenant(&request.context, &body).await;
    request.answer_change(added).await
}

/// On a master: one tenant
#[utoipa::path(get, path = "/tenants/{id}", operation_id = "getTenant", params(Id<TenantId>),
    responses((status = 200, body = Tenant)))]
async fn get(Managed { request, path, .. }: Managed<Id<TenantId>>) -> Response {
    let tenant = request.operations().tenant(&request.context, path.id).await;
    request.answer(tenant).await
}

/// On a master: change the address of a tenant, which stays registered
#[utoipa::path(patch, path = "/tenants/{id}", operation_id = "moveTenant", params(Id<TenantId>, IdempotencyHeader),
    request_body = TenantMove, responses((status = 200, body = Tenant)))]
async fn change(Managed { request, path, body, .. }: Managed<Id<TenantId>, Nothing, TenantMove>) -> Response {
    let moved = request.operations().move_tenant(&request.context, path.id, &body.url).await;
    request.answer_change(moved).await
}

/// On a master: register with a tenant by its one-time key; afterwards both have a shared secret
#[utoipa::path(post, path = "/tenants/{id}/register", operation_id = "registerTenant", params(Id<TenantId>),
    request_body = TenantRegistration, responses((status = 200, body = Tenant)))]
async fn register(Managed { request, path, body, .. }: Managed<Id<TenantId>, Nothing, TenantRegistration>) -> Response {
    let registered = request.operations().register_tenant(&request.context, path.id, body.key.as_deref()).await;
    request.answer_tried(registered).await
}

/// On a master: revoke a tenant; the master sends nothing more to it, and the connections there stay
#[utoipa::path(post, path = "/tenants/{id}/revoke", operation_id = "revokeTenant", params(Id<TenantId>, IdempotencyHeader),
    responses((status = 200, body = Tenant)))]
async fn revoke(Managed { request, path, .. }: Managed<Id<TenantId>>) -> Response {
    let revoked = request.operations().revoke_tenant(&request.context, path.id).await;
    request.answer_change(revoked).await
}

/// On a master: remove a tenant that is not registered; the answer is the removed tenant
#[utoipa::path(delete, path = "/tenants/{id}", operation_id = "removeTenant", params(Id<TenantId>, IdempotencyHeader),
    responses((status = 200, body = Tenant)))]
async fn remove(Managed { request, path, .. }: Managed<Id<TenantId>>) -> Response {
    let removed = request.operations().remove_tenant(&request.context, path.id).await;
    request.answer_change(removed).await
}

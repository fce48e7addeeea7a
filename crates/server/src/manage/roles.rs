//! Users' roles on sites.

use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use super::address::{IdempotencyHeader, Name, NameAndSite};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::{RoleOnSite, RoleTaken, RoleToGive};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list)).routes(handlers!(give, take))
}

/// A user's roles
#[utoipa::path(get, path = "/users/{name}/roles", operation_id = "listRoles", params(Name),
    responses((status = 200, body = Vec<RoleOnSite>)))]
async fn list(Managed { request, path, .. }: Managed<Name>) -> Response {
    let roles = request.operations().list_roles(&request.context, &path.name).await;
    request.answer(roles).await
}

/// Give a user a role on a site; it replaces the former role there
#[utoipa::path(put, path = "/users/{name}/roles/{site}", operation_id = "giveRole",
    params(NameAndSite, IdempotencyHeader), request_body = RoleToGive, responses((status = 200, body = RoleOnSite)))]
async fn give(Managed { request, path, body, .. }: Managed<NameAndSite, Nothing, RoleToGive>) -> Response {
    let given = request.operations().give_role(&request.context, &path.name, &path.site, body.role).await;
    request.answer_change(given).await
}

/// Remove a user's role on a site
#[utoipa::path(delete, path = "/users/{name}/roles/{site}", operation_id = "takeRole",
    params(NameAndSite, IdempotencyHeader), responses((status = 200, body = RoleTaken)))]
async fn take(Managed { request, path, .. }: Managed<NameAndSite>) -> Response {
    let taken = request.operations().take_role(&request.context, &path.name, &path.site).await;
    request.answer_change(taken).await
}

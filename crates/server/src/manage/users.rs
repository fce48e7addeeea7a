//! Users.

use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use super::address::{IdempotencyHeader, Name};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::{UserShown, UserToChange, UserToMake};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list, create)).routes(handlers!(get, change))
}

/// All users with their roles, by name
#[utoipa::path(get, path = "/users", operation_id = "listUsers", responses((status = 200, body = Vec<UserShown>)))]
async fn list(Managed { request, .. }: Managed) -> Response {
    let users = request.operations().list_users(&request.context).await;
    request.answer(users).await
}

/// Make an active user with the given roles
#[utoipa::path(post, path = "/users", operation_id = "makeUser", params(IdempotencyHeader), request_body = UserToMake,
    responses((status = 201, body = UserShown)))]
async fn create(Managed { request, body, .. }: Managed<Nothing, Nothing, UserToMake>) -> Response {
    let request = request.creating();
    let made = request.operations().create_user(&request.context, body).await;
    request.answer_change(made).await
}

/// One user
#[utoipa::path(get, path = "/users/{name}", operation_id = "getUser", params(Name),
    responses((status = 200, body = UserShown)))]
async fn get(Managed { request, path, .. }: Managed<Name>) -> Response {
    let user = request.operations().user(&request.context, &path.name).await;
    request.answer(user).await
}

/// Change a user; the last active administrator cannot be deactivated or lose that right
#[utoipa::path(patch, path = "/users/{name}", operation_id = "changeUser", params(Name, IdempotencyHeader),
    request_body = UserToChange, responses((status = 200, body = UserShown)))]
async fn change(Managed { request, path, body, .. }: Managed<Name, Nothing, UserToChange>) -> Response {
    let changed = request.operations().change_user(&request.context, &path.name, body).await;
    request.answer_change(changed).await
}

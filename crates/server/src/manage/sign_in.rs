//! How users sign in to the console: links to set a password, sessions, and authenticator apps.

use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use super::address::{IdempotencyHeader, Name};
use super::request::Managed;
use super::{Routes, handlers};
use soar_host::operations::{PasswordLinkMade, SessionsEnded, TotpReset};
use soar_store::model::Session;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(handlers!(create_link))
        .routes(handlers!(list_sessions, end_sessions))
        .routes(handlers!(reset_totp))
}

/// Make a link with which a user sets its password in a browser; it works once, and replaces an earlier link
#[utoipa::path(post, path = "/users/{name}/password-link", operation_id = "makePasswordLink",
    params(Name, IdempotencyHeader), responses((status = 201, body = PasswordLinkMade)))]
async fn create_link(Managed { request, path, .. }: Managed<Name>) -> Response {
    let request = request.creating();
    let made = request.operations().create_password_link(&request.context, &path.name).await;
    request.answer_change(made).await
}

/// A user's valid sessions of the console, the newest first
#[utoipa::path(get, path = "/users/{name}/sessions", operation_id = "listSessions", params(Name),
    responses((status = 200, body = Vec<Session>)))]
async fn list_sessions(Managed { request, path, .. }: Managed<Name>) -> Response {
    let sessions = request.operations().list_sessions(&request.context, &path.name).await;
    request.answer(sessions).await
}

/// End all of a user's sessions of the console
#[utoipa::path(delete, path = "/users/{name}/sessions", operation_id = "endSessions", params(Name, IdempotencyHeader),
    responses((status = 200, body = SessionsEnded)))]
async fn end_sessions(Managed { request, path, .. }: Managed<Name>) -> Response {
    let ended = request.operations().end_sessions(&request.context, &path.name).await;
    request.answer_change(ended).await
}

/// Remove a user's authenticator app and recovery codes
#[utoipa::path(delete, path = "/users/{name}/totp", operation_id = "resetTotp", params(Name, IdempotencyHeader),
    responses((status = 200, body = TotpReset)))]
async fn reset_totp(Managed { request, path, .. }: Managed<Name>) -> Response {
    let reset = request.operations().reset_totp(&request.context, &path.name).await;
    request.answer_change(reset).await
}

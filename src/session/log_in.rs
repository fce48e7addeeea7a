//! Sends the requests that log in and that refresh a token.

use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::login::{Login, accepted};
use super::reply::VendorReply;
use super::request_context::CommandContext;
use super::transport::Transport;
use crate::vendor::{Failure, RefusalOrigin, SESSION_PATH, origin};

/// The login that issues tokens, on all instances but a few.
const TOKEN_LOGIN: &str = "/auth/token/";
const TOKEN_REFRESH: &str = "/auth/token/refresh/";

/// Logs in with user name and password. One attempt: accounts lock.
pub(super) async fn log_in(
    transport: &Transport,
    (name, password): (&str, &SecretString),
    now: SystemTime,
    context: &CommandContext,
) -> Result<Login, Failure> {
    let body = json!({ "username": name, "password": password.expose_secret() });
    let mut reply = transport.post(TOKEN_LOGIN, &body, context).await?;
    // Nothing was rejected where there is no such endpoint, so the browser's login is still the first attempt.
    if matches!(reply.status, 404 | 405) {
        reply = transport.post(SESSION_PATH, &body, context).await?;
    }
    match reply.status {
        200..=299 => accepted(reply, now),
        400 | 401 | 403 | 423 => Err(Failure::new(meaning(&reply), transport.said(&reply, None)).at(reply.status)),
        _ => Err(transport.refusal(&reply, None, false)),
    }
}

/// The error code for a refused login. Only a refusal of Footprint's own is a verdict on the credentials.
fn meaning(refusal: &VendorReply) -> &'static str {
    match (refusal.status, origin(&refusal.content_type, &refusal.body)) {
        (400 | 401, RefusalOrigin::Vendor) => "invalid-credentials",
        (_, RefusalOrigin::Vendor) => "login-refused",
        // A web page of 400 says that the request was none: plain http on a port for https, or a wrong host name.
        (400, RefusalOrigin::WebPage) => "html-reply",
        (_, RefusalOrigin::WebPage | RefusalOrigin::Unproven) => "login-refusal-unproven",
    }
}

/// A login renewed with its refresh token; `None` when that does not work, and a new login is due.
pub(super) async fn refresh(
    transport: &Transport,
    stale: &Login,
    now: SystemTime,
    context: &CommandContext,
) -> Option<Login> {
    let body = json!({ "refresh": stale.refresh_token()?.expose_secret() });
    let reply = transport.post(TOKEN_REFRESH, &body, context).await.ok()?;
    stale.renewed(reply, now)
}

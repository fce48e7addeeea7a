//! `/common/auth/session/`: the browser's login, its user, and its logout.

use axum::http::StatusCode;

use super::{
    session_rows::{CurrentSession, LegacySession, MiddleSession},
    token::{LoginTokens, find, greet, issue, one_time_password},
};
use crate::{
    Generation, SimulatedUser, UserKind, access::bearer, call::RoutedRequest, dialect::EndpointForm, reply::Reply,
};

/// `POST`: answers the new session, 400 for wrong credentials, or an answer without a session.
///
/// The legacy document publishes the request, name and password, as the reply. Without oddities too the reply is the
/// session, as on current: no reply repeats a password.
pub(crate) fn log_in(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let Some(user) = find(call)? else {
        return Err(Reply::detail(StatusCode::BAD_REQUEST, "Invalid username or password."));
    };
    let current = call.dialect().one_time_password == EndpointForm::Current;
    match user.kind {
        UserKind::OneTimePassword if current => Ok(one_time_password()),
        UserKind::OneTimePassword => Ok(logged_out(call, false)),
        UserKind::SsoOnly => Ok(logged_out(call, true)),
        _ => {
            let tokens = issue(call, user)?;
            Ok(greet(call, user, logged_in(call, user, &tokens)))
        }
    }
}

/// `GET`: answers which user is logged in, and like the vendor repeats the tokens.
pub(crate) fn show(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let Some(user) = call.user else {
        return Ok(logged_out(call, false));
    };
    let mut tokens = issue(call, user)?;
    if let Some(access) = bearer(call.headers) {
        access.clone_into(&mut tokens.access);
    }
    Ok(logged_in(call, user, &tokens))
}

/// `DELETE`: ends the caller's access token.
pub(crate) fn log_out(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    if let Some(token) = bearer(call.headers) {
        call.world.tokens.end(token);
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn logged_in(call: &RoutedRequest<'_>, user: &SimulatedUser, tokens: &LoginTokens) -> Reply {
    match call.dialect().session {
        Generation::Legacy => Reply::json(&LegacySession::of(call, user, tokens)),
        Generation::Middle => Reply::json(&MiddleSession::of(call, user, tokens)),
        Generation::Current => Reply::json(&CurrentSession::of(call, user, tokens)),
    }
}

fn logged_out(call: &RoutedRequest<'_>, sso_only: bool) -> Reply {
    match call.dialect().session {
        Generation::Legacy => Reply::json(&LegacySession::nobody(call)),
        Generation::Middle => Reply::json(&MiddleSession::nobody(call)),
        Generation::Current => Reply::json(&CurrentSession::nobody(call, sso_only)),
    }
}

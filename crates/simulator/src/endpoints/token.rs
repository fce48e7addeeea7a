//! `POST /auth/token/`: exchanges a user's name and password for tokens.

use axum::http::StatusCode;
use serde::Serialize;

use crate::{
    Generation, SimulatedUser, UserKind,
    call::{RoutedRequest, required},
    data::random::{Topic, dice},
    dialect::EndpointForm,
    reply::Reply,
    tokens::Issue,
};

/// The tokens of one login; empty where the user gets none.
#[derive(Debug, Default, Serialize)]
pub(crate) struct LoginTokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) original_tenant_id: Option<u32>,
    #[serde(rename = "isSsoOnly", skip_serializing_if = "Option::is_none")]
    sso_only: Option<bool>,
}

/// Answers tokens, 401 for wrong credentials, or an answer without tokens for users that need another login step.
pub(crate) fn create(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let Some(user) = find(call)? else {
        return Err(Reply::detail(StatusCode::UNAUTHORIZED, "No active account found with the given credentials"));
    };
    let reply = match user.kind {
        UserKind::OneTimePassword if call.dialect().one_time_password == EndpointForm::Current => one_time_password(),
        UserKind::OneTimePassword => Reply::json(&LoginTokens::default()),
        UserKind::SsoOnly => {
            // The document has the member in the session reply only. Here it is the simulator's own, so that a client
            // can be tried against a server that says why there is no token.
            let named = call.world.options.oddities && call.dialect().session == Generation::Current;
            Reply::json(&LoginTokens { sso_only: named.then_some(true), ..LoginTokens::default() })
        }
        _ => greet(call, user, Reply::json(&issue(call, user)?)),
    };
    Ok(reply)
}

/// 203: a one-time password is needed and there is no session.
pub(crate) fn one_time_password() -> Reply {
    Reply::json(&serde_json::json!({ "isOtpEnabled": true, "isLoggedIn": false }))
        .with_status(StatusCode::NON_AUTHORITATIVE_INFORMATION)
}

/// The user whose name and password are in the body; `None` for wrong ones.
pub(crate) fn find<'w>(call: &RoutedRequest<'w>) -> Result<Option<&'w SimulatedUser>, Reply> {
    let fields = call.fields()?;
    let name = required(&fields, "username")?;
    let password = required(&fields, "password")?;
    let known = call.world.users.iter().find(|user| user.user_name == name && user.password == password);
    Ok(known)
}

/// New tokens for a user.
pub(crate) fn issue(call: &RoutedRequest<'_>, user: &SimulatedUser) -> Result<LoginTokens, Reply> {
    let options = &call.world.options;
    let issue = settings(call, user.id);
    let tokens = &call.world.tokens;
    Ok(LoginTokens {
        access: tokens.access(issue).map_err(failed)?,
        refresh: tokens.refresh(issue).map_err(failed)?,
        original_tenant_id: options.original_tenant.filter(|_| options.original_tenant_in_reply),
        sso_only: None,
    })
}

/// How this instance makes tokens for a user.
pub(crate) fn settings(call: &RoutedRequest<'_>, user: u32) -> Issue {
    let options = &call.world.options;
    Issue {
        user,
        original_tenant: options.original_tenant,
        now: call.world.clock.now_seconds(),
        lifetime: options.token_lifetime,
        opaque: options.opaque_tokens,
    }
}

/// 500: a token could not be signed, which does not happen with a key of the right length.
pub(crate) fn failed(error: jsonwebtoken::errors::Error) -> Reply {
    Reply::detail(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
}

/// The login's answer with the cookie that clients echo on writes.
pub(crate) fn greet(call: &RoutedRequest<'_>, user: &SimulatedUser, reply: Reply) -> Reply {
    let now = call.world.clock.now_micros();
    let mut dice = dice(call.world.options.seed, user.id, Topic::Cookie, now);
    let value = format!("{:016x}{:016x}", dice.u64(..), dice.u64(..));
    reply.with_cookie("XSRF-TOKEN", &value)
}

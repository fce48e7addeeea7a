//! `POST /auth/token/refresh/`: exchanges a refresh token for a new access token.

use serde::Serialize;

use super::token::{failed, settings};
use crate::{
    access::token_not_valid,
    call::{RoutedRequest, required},
    dialect::EndpointForm,
    reply::Reply,
    tokens::TokenKind,
};

#[derive(Debug, Serialize)]
struct Refreshed {
    access: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh: Option<String>,
}

/// Answers a new access token, in the legacy form a new refresh token too, or 401.
pub(crate) fn create(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let fields = call.fields()?;
    let token = required(&fields, "refresh")?;
    let now = call.world.clock.now_seconds();
    let tokens = &call.world.tokens;
    let claims = tokens.read(token, TokenKind::Refresh, now).ok_or_else(token_not_valid)?;
    let issue = settings(call, claims.user_id);
    let refresh = match call.dialect().refresh {
        EndpointForm::Legacy => Some(tokens.refresh(issue).map_err(failed)?),
        EndpointForm::Current => None,
    };
    Ok(Reply::json(&Refreshed { access: tokens.access(issue).map_err(failed)?, refresh }))
}

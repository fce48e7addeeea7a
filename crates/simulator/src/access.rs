//! Authenticates a request, finds its tenant, and checks the caller's right.

use std::collections::BTreeMap;

use axum::http::StatusCode;

use crate::{Options, SimulatedUser, reply::Reply, tokens::TokenKind, world::SimulatedInstance};

/// The right that a route demands of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Anybody may ask.
    Nothing,
    /// A user who may read.
    Read,
    /// A user who may also write.
    Write,
}

/// Which callers a route lets in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requester<'w> {
    pub(crate) user: Option<&'w SimulatedUser>,
    pub(crate) tenant: u32,
}

/// Lets the caller in or says why not.
pub(crate) fn admit<'w>(
    world: &'w SimulatedInstance,
    headers: &BTreeMap<String, String>,
    demand: Demand,
) -> Result<Requester<'w>, Reply> {
    let original = world.options.original_tenant.unwrap_or(1);
    if demand == Demand::Nothing {
        let user = identify(world, headers).unwrap_or(None);
        return Ok(Requester { user, tenant: original });
    }
    let Some(user) = identify(world, headers)? else {
        return Err(Reply::detail(StatusCode::UNAUTHORIZED, "Authentication credentials were not provided."));
    };
    let allowed = match demand {
        Demand::Write => user.kind.may_write(),
        Demand::Read | Demand::Nothing => user.kind.may_read(),
    };
    let tenant = match headers.get("footprinttenantid") {
        None => original,
        Some(text) => tenant_header(&world.options, text)?,
    };
    if !allowed || tenant == 0 || tenant > world.options.tenants || !user.kind.may_see(tenant) {
        return Err(Reply::unauthorized());
    }
    Ok(Requester { user: Some(user), tenant })
}

/// 0, which no tenant has, stands for a number that is out of range.
fn tenant_header(options: &Options, text: &str) -> Result<u32, Reply> {
    let number: i128 =
        text.trim().parse().map_err(|_| Reply::field("FootprintTenantId", "A valid integer is required."))?;
    Ok(u32::try_from(number).ok().filter(|id| *id <= options.tenants).unwrap_or(0))
}

/// The user behind the token or API key; `None` if neither was sent, 401 if it is no good.
fn identify<'w>(
    world: &'w SimulatedInstance,
    headers: &BTreeMap<String, String>,
) -> Result<Option<&'w SimulatedUser>, Reply> {
    if let Some(token) = bearer(headers) {
        let now = world.clock.now_seconds();
        let claims = world.tokens.read(token, TokenKind::Access, now).ok_or_else(token_not_valid)?;
        return Ok(world.users.iter().find(|user| user.id == claims.user_id));
    }
    let Some(key) = headers.get("footprintapikey") else { return Ok(None) };
    world
        .users
        .iter()
        .find(|user| !key.is_empty() && user.api_key == *key)
        .map(Some)
        .ok_or_else(|| Reply::detail(StatusCode::UNAUTHORIZED, "Invalid API key."))
}

/// The access token that was sent.
pub(crate) fn bearer(headers: &BTreeMap<String, String>) -> Option<&str> {
    headers.get("authorization")?.strip_prefix("Bearer ")
}

/// 401 for a token that has ended or never was one.
pub(crate) fn token_not_valid() -> Reply {
    let body = r#"{"detail":"Given token not valid for any token type","code":"token_not_valid"}"#;
    Reply::bytes(StatusCode::UNAUTHORIZED, crate::reply::JSON, body.as_bytes().to_vec())
}

//! Authenticates and authorizes calls of commands.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use soar_connector::name::quoted;
use soar_connector::{Parameters, RawParameters};
use soar_store::model::{Allowed, AuditEntry, Caller};

use super::request::{CommandRequest, Wanted, bad_parameters};
use crate::gate::{Call, Entered, IDEMPOTENCY_KEY, IdempotencyKey, Place, Reply, read_json};
use soar_host::commands::{Registered, Runner};
use soar_host::operations::{self, RequestContext};

/// An authorized call.
#[derive(Debug)]
pub(crate) struct AuthorizedCall {
    pub command: Registered,
    pub(super) wanted: Wanted,
    pub context: RequestContext,
    pub caller: Caller,
    /// The parameters of a connector's command. The manifest of the connection's integration checks them once the
    /// connection is known.
    pub raw: RawParameters,
    /// The parameters of one of the host's own commands.
    pub parameters: Parameters,
    /// Held until the call is answered.
    pub place: Place,
}

/// An authenticated call whose body has arrived.
#[derive(Debug)]
pub(super) struct AuthenticatedCall {
    pub command: Registered,
    wanted: Wanted,
    pub entered: Entered,
    /// The headers; only for a call with an Idempotency-Key.
    headers: Option<HeaderMap>,
    body: Bytes,
}

/// Authenticates the call by its key, finds its command and reads its body.
pub(super) async fn authenticate(
    call: &mut Call,
    request: Request,
    wanted: Wanted,
) -> Result<AuthenticatedCall, Reply> {
    let (head, body) = request.into_parts();
    let entered = call.enter(&head.headers).await;
    // This answer does not depend on the key.
    if head.method != Method::POST {
        return Err(Reply::error(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("Commands are called by POST, not by {}.", quoted(head.method.as_str())),
        ));
    }
    let mut entered = entered?;
    let command =
        call.host.commands.find(&call.entry.command).map_err(|error| Reply::error(StatusCode::NOT_FOUND, error))?;
    let command = command.clone();
    if wanted != Wanted::Run && !matches!(&command.runner, Runner::Utility(utility) if utility.can_plan()) {
        let name = &command.manifest.name;
        return Err(Reply::error(
            StatusCode::NOT_FOUND,
            format!("{name} cannot be planned. Only bulk commands that change something can be planned."),
        ));
    }
    call.entry.command = format!("{}{}", command.endpoint, wanted.suffix());
    call.label = Arc::clone(&command.endpoint);
    let body = read_json(&head.headers, body, &call.host.settings, &mut entered.share).await?;
    let headers = head.headers.contains_key(IDEMPOTENCY_KEY).then_some(head.headers);
    Ok(AuthenticatedCall { command, wanted, entered, headers, body })
}

/// Checks a call whose body another surface wrote, as [`authorize`] does.
pub(crate) fn authorize_message(
    call: &mut Call,
    command: Registered,
    entered: Entered,
    headers: Option<HeaderMap>,
    body: Bytes,
) -> Result<AuthorizedCall, Reply> {
    authorize(call, AuthenticatedCall { command, wanted: Wanted::Run, entered, headers, body })
}

/// Checks the user, the site and the command, and parses the parameters.
pub(super) fn authorize(call: &mut Call, authenticated: AuthenticatedCall) -> Result<AuthorizedCall, Reply> {
    let AuthenticatedCall { command, mut wanted, entered, headers, body } = authenticated;
    let request = CommandRequest::parse(&body, &mut wanted)?;
    call.entry.username = AuditEntry::kept(&request.username);
    call.entry.site = AuditEntry::kept(&request.site);
    call.entry.acting_for = AuditEntry::kept(request.acting_for());
    // A kept answer covers all sites of the first call's key, so a key for other sites must not get it.
    let address = format!("{}{}", command.endpoint, wanted.suffix());
    let target = match &entered.shown.known.key.sites {
        Allowed::All => address,
        Allowed::Only(sites) => format!("{address} on {sites:?}"),
    };
    let idempotency = match headers {
        Some(headers) => IdempotencyKey::read(&headers, &target, &body)?,
        None => None,
    };
    let access_key = entered.shown.known.key.id;
    let idempotency = idempotency.map(|IdempotencyKey { key, fingerprint }| operations::IdempotencyKey {
        key,
        fingerprint,
        access_key,
    });

    let known = entered.shown.user(&entered.snapshot, &request.username).map_err(Reply::unauthenticated)?;
    let key = &entered.shown.known.key;
    // The error does not reveal whether the site exists.
    let site = entered.snapshot.site(&request.site);
    let site =
        site.filter(|site| known.user.is_administrator || known.roles.contains_key(&site.id)).ok_or_else(|| {
            let (user, site) = (quoted(&known.user.name), quoted(&request.site));
            Reply::refused(format!("There is no site {site}, or user {user} has no role on it. Ask an administrator."))
        })?;
    if !key.sites.allows(&site.id) {
        let (key, site) = (quoted(&key.name), quoted(&site.name));
        return Err(Reply::refused(format!("The key {key} may not be used on site {site}.")));
    }
    if let Some(why) = site.inactive() {
        return Err(Reply::refused(why));
    }
    if !key.commands.allows(&command.endpoint.to_ascii_lowercase()) {
        let key = quoted(&key.name);
        return Err(Reply::refused(format!("The key {key} may not be used for the command {}.", command.endpoint)));
    }
    let parameters = match &command.runner {
        Runner::Integration(_) => Parameters::default(),
        Runner::Utility(_) | Runner::External(_) => {
            Parameters::parse(&command.manifest, &request.parameters).map_err(|problems| bad_parameters(&problems))?
        }
    };
    if let Runner::External(external) = &command.runner {
        external.check(&parameters).map_err(|problems| Reply::error(StatusCode::BAD_REQUEST, problems.join(" ")))?;
    }
    let mut entry = call.entry.clone();
    entry.status = i64::from(StatusCode::OK.as_u16());
    let context = RequestContext {
        user: known.user.clone(),
        roles: known.roles.clone(),
        reach: key.sites.clone(),
        key: Some(key.name.clone()),
        key_expires_at: key.expires_at,
        entry,
        idempotency,
    };
    let caller = context.caller(site.clone());
    let raw = request.parameters;
    let place = Place::take(&call.host, entered.share)?;
    Ok(AuthorizedCall { command, wanted, context, caller, raw, parameters, place })
}

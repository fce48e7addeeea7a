//! Authenticates and authorizes calls of commands.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use soar_connector::name::quoted;
use soar_connector::{Parameters, RawParameters};
use soar_store::model::{Allowed, AuditEntry, Caller};

use super::request::{CallAction, CommandRequest, bad_parameters};
use crate::gate::{ApiCall, ApiReply, CallSlot, Entered, IDEMPOTENCY_KEY, IdempotencyKey, read_json};
use soar_host::commands::{CommandRunner, Registered};
use soar_host::operations::{self, RequestContext};

/// An authorized call.
#[derive(Debug)]
pub(crate) struct AuthorizedCall {
    pub command: Registered,
    pub(super) wanted: CallAction,
    pub context: RequestContext,
    pub caller: Caller,
    /// The parameters of a connector's command. The manifest of the connection's integration checks them once the
    /// connection is known.
    pub raw: RawParameters,
    /// The parameters of one of the host's own commands.
    pub parameters: Parameters,
    /// Held until the call is answered.
    pub place: CallSlot,
}

/// An authenticated call whose body has arrived.
#[derive(Debug)]
pub(super) struct AuthenticatedCall {
    pub command: Registered,
    wanted: CallAction,
    pub entered: Entered,
    /// The headers; only for a call with an Idempotency-Key.
    headers: Option<HeaderMap>,
    body: Bytes,
}

/// Authenticates the call by its key, finds its command and reads its body.
pub(super) async fn authenticate(
    call: &mut ApiCall,
    request: Request,
    wanted: CallAction,
) -> Result<AuthenticatedCall, ApiReply> {
    let (head, body) = request.into_parts();
    let entered = call.enter(&head.headers).await;
    // This answer does not depend on the key.
    if head.method != Method::POST {
        return Err(ApiReply::error(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("Commands are called by POST, not by {}.", quoted(head.method.as_str())),
        ));
    }
    let mut entered = entered?;
    let command =
        call.host.commands.find(&call.entry.command).map_err(|error| ApiReply::error(StatusCode::NOT_FOUND, error))?;
    let command = command.clone();
    if wanted != CallAction::Run && !matches!(&command.runner, CommandRunner::Utility(utility) if utility.can_plan()) {
        let name = &command.manifest.name;
        return Err(ApiReply::error(
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
    call: &mut ApiCall,
    command: Registered,
    entered: Entered,
    headers: Option<HeaderMap>,
    body: Bytes,
) -> Result<AuthorizedCall, ApiReply> {
    authorize(call, AuthenticatedCall { command, wanted: CallAction::Run, entered, headers, body })
}

/// Checks the user, the site and the command, and parses the parameters.
pub(super) fn authorize(call: &mut ApiCall, authenticated: AuthenticatedCall) -> Result<AuthorizedCall, ApiReply> {
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

    let known = entered.shown.user(&entered.snapshot, &request.username).map_err(ApiReply::unauthenticated)?;
    let key = &entered.shown.known.key;
    // The error does not reveal whether the site exists.
    let site = entered.snapshot.site(&request.site);
    let site =
        site.filter(|site| known.user.is_administrator || known.roles.contains_key(&site.id)).ok_or_else(|| {
            let (user, site) = (quoted(&known.user.name), quoted(&request.site));
            ApiReply::refused(format!(
                "There is no site {site}, or user {user} has no role on it. Ask an administrator."
            ))
        })?;
    if !key.sites.allows(&site.id) {
        let (key, site) = (quoted(&key.name), quoted(&site.name));
        return Err(ApiReply::refused(format!("The key {key} may not be used on site {site}.")));
    }
    if let Some(why) = site.inactive() {
        return Err(ApiReply::refused(why));
    }
    if !key.commands.allows(&command.endpoint.to_ascii_lowercase()) {
        let key = quoted(&key.name);
        return Err(ApiReply::refused(format!("The key {key} may not be used for the command {}.", command.endpoint)));
    }
    let parameters = match &command.runner {
        CommandRunner::Integration(_) => Parameters::default(),
        CommandRunner::Utility(_) | CommandRunner::External(_) => {
            Parameters::parse(&command.manifest, &request.parameters).map_err(|problems| bad_parameters(&problems))?
        }
    };
    if let CommandRunner::External(external) = &command.runner {
        external.check(&parameters).map_err(|problems| ApiReply::error(StatusCode::BAD_REQUEST, problems.join(" ")))?;
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
    let place = CallSlot::take(&call.host, entered.share)?;
    Ok(AuthorizedCall { command, wanted, context, caller, raw, parameters, place })
}

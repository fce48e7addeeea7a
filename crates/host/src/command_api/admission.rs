//! Decides whether a call may run, and as whom.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use soar_connector::name::quoted;
use soar_connector::{Parameters, RawParameters};
use tokio::sync::OwnedSemaphorePermit;

use super::registry::Registered;
use super::request::{CommandRequest, bad_parameters};
use crate::gate::{Call, IdempotencyKey, Reply, read_json};
use crate::model::{AuditEntry, Caller};

/// A call that may run.
#[derive(Debug)]
pub(super) struct Admitted {
    pub command: Registered,
    pub caller: Caller,
    pub raw: RawParameters,
    pub parameters: Parameters,
    pub idempotency: Option<IdempotencyKey>,
    /// Held until the call is answered.
    pub place: OwnedSemaphorePermit,
}

pub(super) async fn admit(call: &mut Call, request: Request) -> Result<Admitted, Reply> {
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return Err(Reply::error(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("A command is called by POST, not {}.", quoted(head.method.as_str())),
        ));
    }
    let entered = call.enter(&head.headers).await?;
    let host = Arc::clone(&call.host);
    let command =
        host.commands.find(&call.entry.command).map_err(|error| Reply::error(StatusCode::NOT_FOUND, error))?;
    command.endpoint.as_ref().clone_into(&mut call.entry.command);
    call.label = Arc::clone(&command.endpoint);

    let body = read_json(&head.headers, body, &host.settings).await?;
    let request = CommandRequest::parse(&body)?;
    call.entry.username = AuditEntry::kept(&request.username);
    call.entry.site = AuditEntry::kept(&request.site);
    call.entry.acting_for = AuditEntry::kept(request.acting_for());
    let idempotency = IdempotencyKey::read(&head.headers, &command.endpoint, &body)?;

    let known = entered.shown.user(&entered.snapshot, &request.username).map_err(Reply::unauthenticated)?;
    let key = &entered.shown.known.key;
    // Whether there is such a site is not for those to know who may do nothing there.
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
    if !key.commands.allows(&command.endpoint.to_ascii_lowercase()) {
        let key = quoted(&key.name);
        return Err(Reply::refused(format!("The key {key} may not be used for the command {}.", command.endpoint)));
    }
    let parameters =
        Parameters::parse(&command.manifest, &request.parameters).map_err(|problems| bad_parameters(&problems))?;
    let caller = Caller {
        user: known.user.clone(),
        site: site.clone(),
        roles: known.roles.clone(),
        key: Some(key.name.clone()),
        request_id: call.entry.request_id.clone(),
    };
    Ok(Admitted {
        command: command.clone(),
        caller,
        raw: request.parameters,
        parameters,
        idempotency,
        place: entered.place,
    })
}

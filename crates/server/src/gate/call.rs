//! One call, from its arrival to its audit entry.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use soar_store::model::{AccessKeyId, AuditEntry, Surface};
use tokio::sync::OwnedSemaphorePermit;

use super::address::{self, NoAddress};
use super::{ApiReply, credentials};
use crate::Server;
use crate::limits::Share;
use crate::listening::AcceptedConnection;
use soar_host::access::{AuthenticatedKey, Snapshot};
use soar_host::audit::AuditError;
use soar_host::limits::RefusedCaller;

/// A call under way.
#[derive(Debug)]
pub(crate) struct ApiCall {
    pub host: Arc<Server>,
    pub entry: AuditEntry,
    /// The id of the call's valid key.
    pub key: Option<AccessKeyId>,
    /// The label of the command in the metrics: a name from the host, never text from the caller.
    pub label: Arc<str>,
    /// Whether the call has had an effect outside of the store, which stays even if the audit entry cannot be written.
    pub is_done: bool,
    /// The caller's address; the proxy's address where the proxy does not send the caller's.
    pub address: Option<IpAddr>,
    /// The reason for which the caller's address is unknown, if it is.
    no_address: Option<NoAddress>,
    connection: Option<Arc<AcceptedConnection>>,
    started: Duration,
}

/// The state of an authenticated call.
#[derive(Debug)]
pub(crate) struct Entered {
    pub snapshot: Arc<Snapshot>,
    pub shown: AuthenticatedKey,
    /// The call's share of its key's limits.
    pub share: Share<AccessKeyId>,
}

/// The permits of a running call.
#[derive(Debug)]
pub(crate) struct CallSlot {
    /// The permit of the limit of running calls.
    _permit: OwnedSemaphorePermit,
    _share: Share<AccessKeyId>,
}

impl CallSlot {
    /// Takes the permits for a call whose body has arrived.
    pub(crate) fn take(host: &Server, share: Share<AccessKeyId>) -> Result<Self, ApiReply> {
        let permit = Arc::clone(&host.in_flight).try_acquire_owned().map_err(|_| ApiReply::too_many_calls())?;
        Ok(Self { _permit: permit, _share: share })
    }
}

impl ApiCall {
    pub(crate) fn begin(host: &Arc<Server>, surface: Surface, request: &Request, command: &str) -> Self {
        let peer = address::of_peer(request);
        let address = peer.map(|peer| address::of_caller(peer, request.headers(), &host.settings.trusted_proxies));
        let (address, no_address) = match address.transpose() {
            Ok(address) => (address, None),
            Err(no_address) => (peer, Some(no_address)),
        };
        let entry = AuditEntry {
            at: host.now(),
            request_id: uuid::Uuid::now_v7().to_string(),
            surface,
            address: address.map(|address| address.to_string()).unwrap_or_default(),
            key: String::new(),
            username: String::new(),
            acting_for: String::new(),
            site: String::new(),
            command: AuditEntry::kept(command),
            status: 0,
            accepted: false,
            reason: String::new(),
        };
        let started = host.clock.elapsed();
        let (host, label) = (Arc::clone(host), Arc::clone(&host.unknown));
        let connection = request.extensions().get().cloned();
        Self { host, entry, key: None, label, is_done: false, address, no_address, connection, started }
    }

    /// Refuses a call whose address is unknown, since the audit log and the limits would use the proxy's address.
    pub(crate) fn check_address(&self) -> Result<(), ApiReply> {
        let Some(no_address) = &self.no_address else { return Ok(()) };
        if self.host.no_address_warning.is_due() {
            tracing::warn!("Calls are refused. {no_address}");
        }
        Err(ApiReply::error(StatusCode::BAD_REQUEST, no_address.to_string()))
    }

    /// Tells the connection that a call on it had a valid key.
    pub(crate) fn note_valid_key(&self) {
        if let Some(connection) = &self.connection {
            connection.note_valid_key();
        }
    }

    /// Authenticates the call and applies the limits of its key, before the body is read.
    pub(crate) async fn enter(&mut self, headers: &HeaderMap) -> Result<Entered, ApiReply> {
        self.check_address()?;
        let host = Arc::clone(&self.host);
        let snapshot = host.directory.current().await.map_err(|error| {
            if !host.store.note(&error) {
                tracing::error!(request_id = self.entry.request_id, %error, "the store does not answer");
            }
            ApiReply::unavailable("The host's store does not answer. Try again later.", error.to_string())
        })?;
        let tokens_are_on = host.settings.enable_enhance_webhook_authentication;
        let given = match self.entry.surface {
            Surface::Mcp => credentials::read_with_bearer(headers),
            _ => credentials::read(headers),
        };
        let shown = given.and_then(|credentials| {
            AuthenticatedKey::check(&snapshot, host.seal.as_ref(), credentials, tokens_are_on, self.entry.at)
        });
        let shown = shown.map_err(|error| {
            error.key().clone_into(&mut self.entry.key);
            ApiReply::unauthenticated(error)
        })?;
        shown.known.key.name.clone_into(&mut self.entry.key);
        self.key = Some(shown.known.key.id);
        self.note_valid_key();
        host.limits.count(&shown.known.key.id).map_err(ApiReply::rate_limited)?;
        let share = host.shares.begin(shown.known.key.id).map_err(ApiReply::beyond_calls)?;
        Ok(Entered { snapshot, shown, share })
    }

    /// Adds the reply to the audit entry.
    pub(crate) fn conclude(&mut self, reply: &ApiReply) -> &AuditEntry {
        self.entry.status = i64::from(reply.status.as_u16());
        self.entry.accepted = reply.accepted;
        self.entry.reason = AuditEntry::kept(&reply.reason);
        &self.entry
    }

    /// Answers a call whose audit entry was written with its changes.
    pub(crate) fn answer_written(self, reply: ApiReply) -> Response {
        self.host.audit.note_use(self.key, self.entry.at);
        self.answer(reply)
    }

    /// Writes the call's audit entry, then answers. Refused calls beyond their caller's limit of entries are only
    /// counted.
    pub(crate) async fn write_and_answer(mut self, mut reply: ApiReply) -> Response {
        let refused = self.refused(&reply);
        if let Some(caller) = refused
            && reply.status.is_client_error()
            && let Err(retry_after) = self.host.refusals.limit(caller)
        {
            // The audit log gets the cause.
            reply = ApiReply { reason: reply.reason, ..ApiReply::rate_limited(retry_after) };
        }
        self.conclude(&reply);
        if refused.is_some_and(|caller| !self.host.refusals.takes_entry(caller, &self.entry)) {
            return self.answer(reply);
        }
        if let Err(error) = self.host.audit.write(self.entry.clone(), self.key).await {
            reply = without_entry(reply, self.is_done, &self.entry.request_id, &error);
        }
        self.answer(reply)
    }

    /// The caller whose refusals are limited, if `reply` is a refusal that a caller can cause without limit.
    fn refused(&self, reply: &ApiReply) -> Option<RefusedCaller> {
        if let Some(key) = self.key {
            return (reply.status == StatusCode::TOO_MANY_REQUESTS).then_some(RefusedCaller::Key(key));
        }
        let is_refused = match self.entry.surface {
            // A tenant's callers authenticate by the message, so a failed message may come from any caller.
            Surface::Tenant => !reply.status.is_success(),
            _ => reply.status.is_client_error(),
        };
        is_refused.then(|| self.host.refusals.stranger(self.address))
    }

    /// Counts the call in the metrics, with the status of its answer.
    pub(crate) fn count(&self, status: StatusCode) {
        let took = self.host.clock.elapsed().saturating_sub(self.started);
        self.host.metrics.count_call(self.entry.surface, &self.label, status.as_u16(), took);
    }

    fn answer(self, reply: ApiReply) -> Response {
        self.count(reply.status);
        let Self { host, entry, .. } = self;
        if let Some(limit) = reply.limit.filter(|limit| host.limit_warnings.is_due(limit)) {
            tracing::warn!("{limit} Calls beyond it are answered 503 until others have ended.");
        }
        reply.into_response(&entry.request_id)
    }
}

/// The reply for a call whose audit entry could not be written, in place of `reply`.
fn without_entry(reply: ApiReply, is_done: bool, request_id: &str, error: &AuditError) -> ApiReply {
    // The writer of the audit log has already logged the cause.
    tracing::debug!(request_id, %error, "a call is not answered because its audit entry could not be written");
    if reply.status == StatusCode::SERVICE_UNAVAILABLE {
        // The reply already says that nothing was done, or that the outcome is unknown.
        return reply;
    }
    if is_done {
        tracing::error!(request_id, "A call was carried out, but its audit entry could not be written.");
        return ApiReply::done(error.to_string());
    }
    ApiReply::unavailable("The host's store does not answer. Try again later.", error.to_string())
}

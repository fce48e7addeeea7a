//! One call: from its arrival to its entry in the audit log.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use soar_store::StoreVersion;
use soar_store::model::{AuditEntry, Surface};
use tokio::sync::OwnedSemaphorePermit;

use super::refusals::Turn;
use super::unanswered::unanswered;
use super::{Reply, address};
use crate::access::{Shown, Snapshot};
use crate::audit::{AuditError, Rested};
use crate::host::Host;

/// A call under way.
#[derive(Debug)]
pub(crate) struct Call {
    pub host: Arc<Host>,
    pub entry: AuditEntry,
    /// The number of the key that was shown and is good.
    pub key: Option<i64>,
    /// What the metrics call the command: a name that the host knows, never a caller's.
    pub label: Arc<str>,
    /// Whether it did something outside the store that stays done, whatever becomes of its entry.
    pub is_done: bool,
    address: Option<IpAddr>,
    started: Duration,
}

/// A call whose answer is decided, and is still to be written to the audit log and given. Dropped before it was its turn,
/// it counts as one whose caller went away.
#[derive(Debug)]
pub(crate) struct Decided {
    call: Call,
    reply: Reply,
    /// When it may be answered; at once, unless it is refused for want of a good key.
    turn: Turn,
}

/// What a call that was let in holds.
#[derive(Debug)]
pub(crate) struct Entered {
    pub snapshot: Arc<Snapshot>,
    pub shown: Shown,
    /// Its place among the calls that may run at once.
    pub place: OwnedSemaphorePermit,
}

impl Call {
    pub(crate) fn begin(host: &Arc<Host>, surface: Surface, request: &Request, command: &str) -> Self {
        let address = address::of(request, &host.settings.trusted_proxies);
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
        Self { host, entry, key: None, label, is_done: false, address, started }
    }

    /// Lets the call in by the key it shows, within its limits.
    pub(crate) async fn enter(&mut self, headers: &HeaderMap) -> Result<Entered, Reply> {
        let host = Arc::clone(&self.host);
        let snapshot = host.directory.current().await.map_err(|error| {
            if !host.store.note(&error) {
                tracing::error!(request_id = self.entry.request_id, %error, "the store does not answer");
            }
            Reply::unavailable("The host's store does not answer. Try again later.", error.to_string())
        })?;
        let tokens_are_on = host.settings.enable_enhance_webhook_authentication;
        let shown =
            Shown::check(&snapshot, host.seal.as_ref(), headers, tokens_are_on, self.entry.at).map_err(|error| {
                error.key().clone_into(&mut self.entry.key);
                Reply::unauthenticated(error)
            })?;
        shown.known.key.name.clone_into(&mut self.entry.key);
        self.key = Some(shown.known.key.id);
        host.limits.count(shown.known.key.id).map_err(Reply::rate_limited)?;
        let place = Arc::clone(&host.in_flight).try_acquire_owned().map_err(|_| Reply::too_many_calls())?;
        Ok(Entered { snapshot, shown, place })
    }

    /// Notes in the entry what the call is answered with.
    pub(crate) fn conclude(&mut self, reply: &Reply) -> &AuditEntry {
        self.entry.status = i64::from(reply.status.as_u16());
        self.entry.accepted = reply.accepted;
        self.entry.reason = AuditEntry::kept(&reply.reason);
        &self.entry
    }

    /// Answers a call whose entry was written with its changes.
    pub(crate) fn answer_written(self, reply: Reply) -> Response {
        self.host.audit.note_use(self.key, self.entry.at);
        self.answer(reply)
    }

    /// Writes the call's entry, then answers; a call without a good key when it is its turn.
    pub(crate) async fn write_and_answer(self, reply: Reply) -> Response {
        self.decide(reply).write_and_answer().await
    }

    /// Settles what the call is answered with. It is not to hold anything of the host's while it waits for its turn.
    pub(crate) fn decide(mut self, reply: Reply) -> Decided {
        self.conclude(&reply);
        let is_refused = match self.entry.surface {
            // There keys are part of what is sent, so whatever fails may be anyone's doing.
            Surface::Tenant => !reply.status.is_success(),
            _ => reply.status.is_client_error(),
        };
        let has_no_key = self.key.is_none() && is_refused;
        let turn = if has_no_key { self.host.refusals.ask(self.address, &self.entry) } else { Turn::Now };
        Decided { call: self, reply, turn }
    }

    /// Answers with what was read when the store had `version`, and writes the call's entry, if nothing has changed since;
    /// otherwise the call is still to be answered.
    pub(crate) async fn answer_if_unchanged(mut self, reply: Reply, version: StoreVersion) -> Result<Response, Self> {
        self.conclude(&reply);
        let Self { host, entry, key, label, is_done, address, started } = self;
        let (surface, request_id) = (entry.surface, entry.request_id.clone());
        let reply = match host.audit.write_resting(entry, key, version).await {
            Ok(Rested::Kept) => reply,
            Ok(Rested::Outdated(outdated)) => {
                return Err(Self { entry: outdated.take(), host, key, label, is_done, address, started });
            }
            Err(error) => without_entry(reply, is_done, &request_id, &error),
        };
        Ok(answer(&host, surface, &label, started, reply, &request_id))
    }

    fn answer(self, reply: Reply) -> Response {
        answer(&self.host, self.entry.surface, &self.label, self.started, reply, &self.entry.request_id)
    }
}

impl Decided {
    /// Writes the call's entry and answers, unless it has to wait for its turn.
    pub(crate) async fn write_and_answer_at_once(self) -> Result<Response, Self> {
        match self.turn {
            Turn::Later(_) => Err(self),
            Turn::Now | Turn::Never => Ok(self.write_and_answer().await),
        }
    }

    /// Writes the call's entry, then answers; both when it is its turn.
    pub(crate) async fn write_and_answer(self) -> Response {
        let Self { call, mut reply, turn } = self;
        if !turn.comes().await {
            return unanswered();
        }
        let Call { host, entry, key, label, is_done, started, .. } = call;
        let (surface, request_id) = (entry.surface, entry.request_id.clone());
        if let Err(error) = host.audit.write(entry, key).await {
            reply = without_entry(reply, is_done, &request_id, &error);
        }
        answer(&host, surface, &label, started, reply, &request_id)
    }
}

/// No answer without an entry. `reply` would have been the answer.
fn without_entry(reply: Reply, is_done: bool, request_id: &str, error: &AuditError) -> Reply {
    // The log has the cause from the audit log's writer.
    tracing::debug!(request_id, %error, "a call is not answered for want of its entry");
    if reply.status == StatusCode::SERVICE_UNAVAILABLE {
        // It says already what became of the call.
        return reply;
    }
    if is_done {
        tracing::error!(request_id, "A call was carried out, and its entry could not be written to the audit log.");
        return Reply::done(error.to_string());
    }
    Reply::unavailable("The host's store does not answer. Try again later.", error.to_string())
}

fn answer(
    host: &Host,
    surface: Surface,
    label: &Arc<str>,
    started: Duration,
    reply: Reply,
    request_id: &str,
) -> Response {
    let took = host.clock.elapsed().saturating_sub(started);
    host.metrics.count_call(surface, label, reply.status.as_u16(), took);
    reply.into_response(request_id)
}

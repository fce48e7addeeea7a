//! One call: from its arrival to its entry in the audit log.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::sync::OwnedSemaphorePermit;

use super::{Reply, address};
use crate::access::{Shown, Snapshot};
use crate::host::Host;
use crate::model::{AuditEntry, Surface};

/// A call under way.
#[derive(Debug)]
pub(crate) struct Call {
    pub host: Arc<Host>,
    pub entry: AuditEntry,
    /// The number of the key that was shown and is good.
    pub key: Option<i64>,
    /// What the metrics call the command: a name that the host knows, never a caller's.
    pub label: Arc<str>,
    started: Duration,
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
        Self { host: Arc::clone(host), entry, key: None, label: "unknown".into(), started }
    }

    /// Lets the call in by the key it shows, within its limits.
    pub(crate) async fn enter(&mut self, headers: &HeaderMap) -> Result<Entered, Reply> {
        let host = Arc::clone(&self.host);
        let snapshot = host.directory.current().await.map_err(|error| {
            tracing::error!(request_id = self.entry.request_id, %error, "the store does not answer");
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
        let place = Arc::clone(&host.in_flight).try_acquire_owned().map_err(|_| {
            Reply::unavailable("The host runs as many calls as it may. Try again later.", "Too many calls at once.")
        })?;
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

    /// Writes the call's entry, then answers.
    pub(crate) async fn write_and_answer(mut self, mut reply: Reply) -> Response {
        self.conclude(&reply);
        let entry = self.entry.clone();
        if let Err(error) = self.host.audit.write(entry, self.key).await {
            tracing::error!(request_id = self.entry.request_id, %error, "a call was refused for want of its entry");
            reply = Reply::unavailable("The host's store does not answer. Try again later.", error.to_string());
        }
        self.answer(reply)
    }

    fn answer(self, reply: Reply) -> Response {
        let took = self.host.clock.elapsed().saturating_sub(self.started);
        self.host.metrics.count_call(self.entry.surface, &self.label, reply.status.as_u16(), took);
        reply.into_response(&self.entry.request_id)
    }
}

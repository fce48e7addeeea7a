//! One call of a page by a browser.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use soar_host::operations::{OperationError, RequestContext};
use soar_store::model::{Allowed, AuditEntry, Role, SiteId, Surface, User};
use tokio::sync::OwnedSemaphorePermit;

use super::Problem;
use crate::Server;
use crate::gate::{Call, Reply, read_body};
use soar_host::limits::network;

use crate::limits::{Share, Visitor};

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// One call of a page, from its arrival to its audit entry.
#[derive(Debug)]
pub struct PageCall {
    call: Call,
    share: Option<Share<Visitor>>,
    /// The permit of the limit of running calls, for a call that may change something.
    permit: Option<OwnedSemaphorePermit>,
}

impl PageCall {
    /// A call that arrived. `what` names it in the audit log, such as `GET /console/health`.
    #[must_use]
    pub fn begin(server: &Arc<Server>, request: &Request, what: &str) -> Self {
        Self { call: Call::begin(server, Surface::Console, request, what), share: None, permit: None }
    }

    /// Names the call in the metrics: a name from the host, never text from the caller.
    pub fn label(&mut self, label: &str) {
        self.call.label = label.into();
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &Arc<Server> {
        &self.call.host
    }

    /// The id of the request.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.call.entry.request_id
    }

    /// The caller's address.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.call.address
    }

    /// Applies the limits of an address without a session.
    ///
    /// # Errors
    /// [`Problem`] if the address is unknown or exceeds its limits.
    pub fn enter_as_stranger(&mut self) -> Result<(), Problem> {
        self.call.check_address()?;
        self.enter(Visitor::Address(self.call.address.map(network)))
    }

    /// Applies the limits of a signed-in user.
    ///
    /// # Errors
    /// [`Problem`] if the user exceeds its limits.
    pub fn enter_as(&mut self, user: &User) -> Result<(), Problem> {
        self.call.check_address()?;
        self.call.note_valid_key();
        user.name.clone_into(&mut self.call.entry.username);
        self.enter(Visitor::User(user.id))
    }

    fn enter(&mut self, visitor: Visitor) -> Result<(), Problem> {
        self.server().visits.count(&visitor).map_err(Reply::rate_limited)?;
        self.share = Some(self.server().visitors.begin(visitor).map_err(Reply::beyond_calls)?);
        Ok(())
    }

    /// Takes a permit of the limit of running calls, for a call that may change something. The server waits for such
    /// calls when it shuts down.
    ///
    /// # Errors
    /// [`Problem`] if the limit is reached.
    pub fn take_place(&mut self) -> Result<(), Problem> {
        let permit = Arc::clone(&self.call.host.in_flight).try_acquire_owned().map_err(|_| Reply::too_many_calls())?;
        self.permit = Some(permit);
        Ok(())
    }

    /// The body of a form within the limits of length, time and bytes under way.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn read_form(&mut self, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
            let message = format!("The body must be a form. Expected the header Content-Type: {FORM}.");
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let Self { call, share, .. } = self;
        let Some(share) = share else {
            return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The limits of the call were not applied."));
        };
        Ok(read_body(headers, body, &call.host.settings, share).await?)
    }

    /// The context of operations in the name of the signed-in user.
    #[must_use]
    pub fn context(&self, user: &User, roles: &BTreeMap<SiteId, Role>) -> RequestContext {
        RequestContext {
            user: user.clone(),
            roles: roles.clone(),
            reach: Allowed::All,
            key: None,
            key_expires_at: None,
            entry: AuditEntry { status: i64::from(StatusCode::OK.as_u16()), ..self.call.entry.clone() },
            idempotency: None,
        }
    }

    /// The problem of an operation that failed. Failures of the store are logged.
    #[must_use]
    pub fn failed(&self, error: &OperationError) -> Problem {
        Reply::failed(&self.call.host.store, &self.call.entry, error).into()
    }

    /// Ends a call without an audit entry: the call only read, or its entry is already written.
    pub fn end(self, status: StatusCode) {
        self.call.count(status);
    }

    /// Ends a refused or failed call, and writes its audit entry. Refusals beyond the address's limit of entries are
    /// only counted.
    pub async fn end_refused(self, problem: &Problem) {
        let reply = Reply { reason: problem.reason.clone(), ..Reply::error(problem.status, &*problem.message) };
        self.call.write_and_answer(reply).await;
    }

    /// Ends a call that succeeded, and writes its audit entry with `about` as details.
    ///
    /// # Errors
    /// [`Problem`] if the entry cannot be written.
    pub async fn end_done(mut self, username: &str, about: &str) -> Result<(), Problem> {
        username.clone_into(&mut self.call.entry.username);
        let reply = Reply { reason: about.to_owned(), ..Reply::body(StatusCode::OK, "") };
        let answer = self.call.write_and_answer(reply).await;
        if answer.status().is_success() {
            return Ok(());
        }
        let message = "The host's store does not answer. Try again later.";
        Err(Problem::new(answer.status(), message))
    }
}

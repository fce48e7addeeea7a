//! One call of a page by a browser.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use soar_host::operations::{OperationError, RequestContext};
use soar_store::StoreError;
use soar_store::model::{Allowed, AuditEntry, Role, SiteId, Surface, User};
use tokio::sync::OwnedSemaphorePermit;

use super::PageProblem;
use crate::Server;
use crate::gate::{ApiCall, ApiReply, read_body};
use soar_host::Refusal;
use soar_host::limits::network;

use crate::limits::{Share, Visitor};

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// The timeout of a page for its audit entry, if nothing was done because the store took no change.
const ENTRY_TIMEOUT: Duration = Duration::from_secs(1);

/// One call of a page, from its arrival to its audit entry.
#[derive(Debug)]
pub struct PageCall {
    call: ApiCall,
    share: Option<Share<Visitor>>,
    /// The permit of the limit of running calls, for a call that may change something.
    permit: Option<OwnedSemaphorePermit>,
}

impl PageCall {
    /// A call that arrived. `what` names it in the audit log, such as `GET /console/health`.
    #[must_use]
    pub fn begin(server: &Arc<Server>, request: &Request, what: &str) -> Self {
        Self { call: ApiCall::begin(server, Surface::Console, request, what), share: None, permit: None }
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
    /// [`PageProblem`] if the address is unknown or exceeds its limits.
    pub fn enter_as_stranger(&mut self) -> Result<(), PageProblem> {
        self.call.check_address()?;
        self.enter(Visitor::Address(self.call.address.map(network)))
    }

    /// Applies the limits of a signed-in user.
    ///
    /// # Errors
    /// [`PageProblem`] if the user exceeds its limits.
    pub fn enter_as(&mut self, user: &User) -> Result<(), PageProblem> {
        self.call.check_address()?;
        self.call.note_valid_key();
        user.name.clone_into(&mut self.call.entry.username);
        self.enter(Visitor::User(user.id))
    }

    fn enter(&mut self, visitor: Visitor) -> Result<(), PageProblem> {
        self.server().visits.count(&visitor).map_err(ApiReply::rate_limited)?;
        self.share = Some(self.server().visitors.begin(visitor).map_err(ApiReply::beyond_calls)?);
        Ok(())
    }

    /// Takes a permit of the limit of running calls, for a call that may change something. The server waits for such
    /// calls when it shuts down.
    ///
    /// # Errors
    /// [`PageProblem`] if the limit is reached.
    pub fn take_place(&mut self) -> Result<(), PageProblem> {
        let permit =
            Arc::clone(&self.call.host.in_flight).try_acquire_owned().map_err(|_| ApiReply::too_many_calls())?;
        self.permit = Some(permit);
        Ok(())
    }

    /// The body of a form within the limits of length, time and bytes under way.
    ///
    /// # Errors
    /// [`PageProblem`].
    pub async fn read_form(&mut self, headers: &HeaderMap, body: Body) -> Result<Bytes, PageProblem> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
            let message = format!("The body must be a form. Expected the header Content-Type: {FORM}.");
            return Err(PageProblem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let Self { call, share, .. } = self;
        let Some(share) = share else {
            return Err(PageProblem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The limits of the call were not applied.",
            ));
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
    pub fn failed(&self, error: &OperationError) -> PageProblem {
        let store_is_busy = matches!(error, OperationError::Refusal(Refusal::Store(StoreError::Busy(_))));
        let problem = ApiReply::failed(&self.call.host.store, &self.call.entry, error).into();
        PageProblem { store_is_busy, ..problem }
    }

    /// Ends a call without an audit entry: the call only read, or its entry is already written.
    pub fn end(self, status: StatusCode) {
        self.call.count(status);
    }

    /// Ends a refused or failed call, and writes its audit entry. Refusals beyond the address's limit of entries are
    /// only counted. Where nothing was done because the store took no change, the page waits only briefly for the entry. The
    /// entry is written once the store takes it, and is missing if the store is held for longer than a write waits.
    pub async fn end_refused(self, problem: &PageProblem) {
        let reply = ApiReply { reason: problem.reason.clone(), ..ApiReply::error(problem.status, &*problem.message) };
        let Self { call, share, permit } = self;
        let writing = async move {
            // The call counts towards the limits until its entry is written.
            let _counted = (share, permit);
            call.write_and_answer(reply).await;
        };
        if problem.store_is_busy {
            let _ = tokio::time::timeout(ENTRY_TIMEOUT, tokio::spawn(writing)).await;
        } else {
            writing.await;
        }
    }

    /// Ends a call that succeeded, and writes its audit entry with `about` as details.
    ///
    /// # Errors
    /// [`PageProblem`] if the entry cannot be written.
    pub async fn end_done(mut self, username: &str, about: &str) -> Result<(), PageProblem> {
        username.clone_into(&mut self.call.entry.username);
        let reply = ApiReply { reason: about.to_owned(), ..ApiReply::body(StatusCode::OK, "") };
        let answer = self.call.write_and_answer(reply).await;
        if answer.status().is_success() {
            return Ok(());
        }
        let message = "The host's store does not answer. Try again later.";
        Err(PageProblem::new(answer.status(), message))
    }
}

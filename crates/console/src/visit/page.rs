//! A page under way: the signed-in user, and the ways to answer.

use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::tz::TimeZone;
use secrecy::SecretString;
use soar_connector::Plugin;
use soar_host::operations::{OperationError, Operations, RequestContext, Tried};
use soar_host::sign_in::{BrowserCall, ConsoleSession, SignIn, SignInError};
use soar_server::pages::PageProblem;
use soar_store::model::{Moment, Right, Site, SiteId};

use super::error::{PageError, PageResult};
use super::form::{Form, field_of};
use super::frame::Frame;
use super::notice::Notice;
use super::state::ConsoleState;

/// A page under way. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Page(Arc<PageState>);

#[derive(Debug)]
struct PageState {
    state: Arc<ConsoleState>,
    session: Option<ConsoleSession>,
    context: Option<RequestContext>,
    visit: VisitFacts,
    /// The refusal that the page shows in its form. The layer writes its audit entry.
    refusal: Mutex<Option<PageProblem>>,
}

/// The facts that the layer knows about the request.
#[derive(Debug)]
pub(super) struct VisitFacts {
    /// The address of the page below the console.
    pub(super) path: String,
    /// Whether the script asks for one region.
    pub(super) is_region: bool,
    /// The notice that the previous page left.
    pub(super) notice: Option<Notice>,
    pub(super) zone: TimeZone,
    /// Whether the browser reaches the host over TLS.
    pub(super) is_secure: bool,
    pub(super) browser: BrowserCall,
    /// The token of the session.
    pub(super) token: Option<SecretString>,
    /// The flow of a sign-in by a provider.
    pub(super) flow: Option<SecretString>,
}

impl Page {
    pub(super) fn new(
        state: Arc<ConsoleState>,
        session: Option<ConsoleSession>,
        context: Option<RequestContext>,
        visit: VisitFacts,
    ) -> Self {
        Self(Arc::new(PageState { state, session, context, visit, refusal: Mutex::default() }))
    }

    pub(crate) fn state(&self) -> &ConsoleState {
        &self.0.state
    }

    /// The session. Pages for signed-in users always have one.
    pub(crate) fn session(&self) -> Result<&ConsoleSession, PageError> {
        self.0.session.as_ref().ok_or_else(signed_out)
    }

    /// The token of the session.
    pub(super) fn token(&self) -> Result<SecretString, PageError> {
        self.0.visit.token.clone().ok_or_else(signed_out)
    }

    /// Whether a user is signed in.
    pub(crate) fn is_signed_in(&self) -> bool {
        self.0.session.is_some()
    }

    /// The operations of the host.
    pub(crate) fn operations(&self) -> &Operations {
        &self.0.state.server.operations
    }

    /// The context of operations in the name of the signed-in user.
    pub(crate) fn context(&self) -> Result<&RequestContext, PageError> {
        self.0.context.as_ref().ok_or_else(signed_out)
    }

    /// Whether the user has this right on at least one site.
    pub(crate) fn may_somewhere(&self, right: Right) -> bool {
        self.0.session.as_ref().is_some_and(|session| {
            session.user.is_administrator || session.roles.values().any(|role| role.allows(right))
        })
    }

    /// Whether the user has this right on the site.
    pub(crate) fn may(&self, right: Right, site: SiteId) -> bool {
        self.0.session.as_ref().is_some_and(|session| {
            session.user.is_administrator || session.roles.get(&site).is_some_and(|role| role.allows(right))
        })
    }

    /// Whether the user is an administrator.
    pub(crate) fn administers(&self) -> bool {
        self.0.session.as_ref().is_some_and(|session| session.user.is_administrator)
    }

    /// The sites that the user sees and on which the user has this right, by name.
    pub(crate) async fn sites_with(&self, right: Right) -> Result<Vec<Site>, PageError> {
        let mut sites = self.operations().list_sites(self.context()?).await?;
        sites.retain(|site| self.may(right, site.id));
        Ok(sites)
    }

    /// The plugin of an integration.
    pub(crate) fn integration(&self, id: &str) -> Result<Arc<dyn Plugin>, PageError> {
        self.operations().integration(id).map_err(|error| match error {
            OperationError::Refusal(soar_host::Refusal::Because(text)) => PageError::not_found(text),
            error => error.into(),
        })
    }

    /// The time zone of the user's profile, else of the site.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.0.visit.zone
    }

    /// The current time.
    pub(crate) fn now(&self) -> Moment {
        self.0.state.server.now()
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.0.visit.is_secure
    }

    /// The browser, for a sign-in.
    pub(crate) fn browser(&self) -> BrowserCall {
        self.0.visit.browser.clone()
    }

    /// The flow of a sign-in by a provider.
    pub(crate) fn flow(&self) -> Option<SecretString> {
        self.0.visit.flow.clone()
    }

    /// The service that signs users in.
    pub(crate) fn sign_in(&self) -> &SignIn {
        self.0.state.server.sign_in()
    }

    /// The frame of a page of this title.
    pub(crate) fn frame(&self, title: impl Into<String>) -> Frame {
        let PageState { state, session, visit, .. } = &*self.0;
        let frame = Frame::new(state, session.as_ref(), &visit.path, visit.is_region, visit.notice.clone());
        Frame { title: title.into(), ..frame }
    }

    /// As [`Page::frame`], of a main page or a list. `purpose` is the sentence under its title: what the page is for.
    pub(crate) fn main_frame(&self, title: impl Into<String>, purpose: &'static str) -> Frame {
        Frame { purpose, ..self.frame(title) }
    }

    /// The address of another page. `path` is its address below the console.
    pub(crate) fn href(&self, path: &str) -> String {
        format!("{}{path}", self.0.state.base)
    }

    /// Answers with a page.
    pub(crate) fn show(&self, template: &impl Template) -> PageResult {
        let mut response = html(StatusCode::OK, template.render()?);
        if self.0.visit.notice.is_some()
            && let Some(cookie) = Notice::shown(&self.0.state.base)
        {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// Answers with a form again, because of its problems.
    pub(crate) fn show_again(&self, template: &impl Template) -> PageResult {
        Ok(html(StatusCode::UNPROCESSABLE_ENTITY, template.render()?))
    }

    /// Answers a form that was carried out: the browser loads `path`, which shows `notice`.
    pub(crate) fn lead_to(&self, path: &str, notice: Option<Notice>) -> PageResult {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let location = HeaderValue::from_str(&self.href(path));
        let location = location.map_err(|_| PageError::not_found("The address is not valid."))?;
        response.headers_mut().insert(header::LOCATION, location);
        if let Some(cookie) = notice.and_then(|notice| notice.cookie(&self.0.state.base)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// Notes a refused operation as the problem of `form`. The audit log gets the refusal.
    ///
    /// # Errors
    /// The error itself if it is not about the input: the form cannot be shown again then.
    pub(crate) fn refused(&self, form: &mut Form, error: OperationError) -> Result<(), PageError> {
        form.refuse(self.about_input(error)?);
        Ok(())
    }

    /// As [`Page::refused`], at a field of the form.
    pub(crate) fn refused_at(&self, form: &mut Form, field: &str, error: OperationError) -> Result<(), PageError> {
        form.wrong(field, self.about_input(error)?);
        Ok(())
    }

    /// As [`Page::refused`], at the field of `fields` that the refusal is about, if there is one. `fields` has the
    /// beginnings of refusals, each with its field.
    pub(crate) fn refused_among(
        &self,
        form: &mut Form,
        fields: &[(&str, &str)],
        error: OperationError,
    ) -> Result<(), PageError> {
        match field_of(fields, &error.to_string()) {
            Some(field) => self.refused_at(form, field, error),
            None => self.refused(form, error),
        }
    }

    /// The text of a refused operation that is about the input. The audit log gets the refusal.
    ///
    /// # Errors
    /// The error itself if it is not about the input.
    pub(crate) fn about_input(&self, error: OperationError) -> Result<String, PageError> {
        let text = error.to_string();
        let is_about_input = matches!(
            &error,
            OperationError::Refusal(
                soar_host::Refusal::Because(_)
                    | soar_host::Refusal::Unable(_)
                    | soar_host::Refusal::Settings(_)
                    | soar_host::Refusal::Parameters(_)
                    | soar_host::Refusal::About(_)
            )
        );
        if !is_about_input {
            return Err(error.into());
        }
        let problem = PageProblem::new(StatusCode::UNPROCESSABLE_ENTITY, text.clone());
        *self.0.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
        Ok(text)
    }

    /// Notes a refused sign-in, or a refused change of the user's account, as the problem of `form`. The service has
    /// written the audit entry.
    ///
    /// # Errors
    /// The error itself if it is not about the input.
    pub(crate) fn account_refused(&self, form: &mut Form, error: SignInError) -> Result<(), PageError> {
        match error {
            SignInError::Operation(error) => self.refused(form, error),
            error => {
                form.refuse(error.to_string());
                Ok(())
            }
        }
    }

    /// The refusal that [`Page::refused`] noted.
    pub(super) fn take_refusal(&self) -> Option<PageProblem> {
        self.0.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Writes the audit entry of an export.
    pub(crate) async fn exported(&self, site: &str, about: &str) -> Result<(), PageError> {
        self.tried(Tried { value: (), about: about.to_owned(), site: site.to_owned() }).await
    }

    /// The value of an operation that called a vendor or another instance. Writes its audit entry.
    pub(crate) async fn tried<T>(&self, tried: Tried<T>) -> Result<T, PageError> {
        let (value, entry) = tried.accepted(self.context()?.entry.clone());
        let written = self.0.state.server.audit.write(entry, None).await;
        written.map_err(|error| {
            let message = "It was carried out, but the host's store failed before its audit entry was written.";
            let problem = PageProblem::new(StatusCode::SERVICE_UNAVAILABLE, message);
            PageError::Problem(PageProblem { reason: error.to_string(), ..problem })
        })?;
        Ok(value)
    }
}

pub(super) fn html(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], text).into_response()
}

fn signed_out() -> PageError {
    PageError::Problem(PageProblem::new(StatusCode::UNAUTHORIZED, "Sign in to see this page."))
}

impl<S: Sync> FromRequestParts<S> for Page {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(signed_out)
    }
}

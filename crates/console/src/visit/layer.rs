//! The layer around all pages: limits, session, cross-site check, form, error page, audit entry.

use std::sync::Arc;

use askama::Template;
use axum::extract::{MatchedPath, OriginalUri, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use jiff::tz::TimeZone;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use soar_host::sign_in::{BrowserCall, ConsoleSession};
use soar_server::pages::{PageCall, PageProblem};
use soar_server::to_its_end;
use soar_store::StoreError;

use super::cookies::{FlowCookie, SessionCookie};
use super::error::PageError;
use super::form::{FormValues, RESUMED};
use super::frame::Frame;
use super::notice::Notice;
use super::page::{Page, VisitFacts, html};
use super::state::ConsoleState;
use super::{form, origin, region};

/// Whether the pages behind the layer need a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageAccess {
    Open,
    SignedIn,
}

/// The layer around pages that anybody may see, such as the sign-in page.
pub(crate) async fn open(State(state): State<Arc<ConsoleState>>, request: Request, next: Next) -> Response {
    around(state, request, next, PageAccess::Open).await
}

/// The layer around pages for signed-in users.
pub(crate) async fn signed_in(State(state): State<Arc<ConsoleState>>, request: Request, next: Next) -> Response {
    around(state, request, next, PageAccess::SignedIn).await
}

/// A form that cannot be carried out now. Its values are kept, and the user can send it again.
#[derive(Debug)]
struct KeptForm {
    action: String,
    values: Vec<(String, String)>,
    has_secret: bool,
}

impl KeptForm {
    fn new(action: String, values: &FormValues) -> Self {
        let mut kept: Vec<_> = values.kept().cloned().collect();
        kept.push((RESUMED.to_owned(), String::new()));
        Self { action, values: kept, has_secret: values.has_secret() }
    }
}

/// The page of a request that was refused or failed.
#[derive(Debug, Template)]
#[template(path = "layout/problem.html")]
struct ProblemPage {
    frame: Frame,
    message: String,
    request_id: String,
    /// The form to send again.
    form: Option<KeptForm>,
    /// Whether the user has to sign in to send the form again.
    needs_sign_in: bool,
}

async fn around(state: Arc<ConsoleState>, request: Request, next: Next, access: PageAccess) -> Response {
    if request.method().is_safe() {
        return visit(state, request, next, access).await;
    }
    // A change is finished even if the browser goes away.
    let page = matched(&request).to_owned();
    let ended = to_its_end(&page, visit(state, request, next, access)).await;
    ended.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// The route of a request, which has no texts of the caller.
fn matched(request: &Request) -> &str {
    request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str)
}

/// The part of a request that answers need after it is handled.
struct RequestFacts {
    is_safe: bool,
    /// The address with the query, below the console.
    address: String,
    headers: HeaderMap,
    values: FormValues,
}

async fn visit(state: Arc<ConsoleState>, request: Request, next: Next, access: PageAccess) -> Response {
    let original = request.extensions().get::<OriginalUri>().map_or(request.uri(), |OriginalUri(uri)| uri);
    let method = request.method().clone();
    let matched = matched(&request).to_owned();
    // The address itself may contain the token of a set-up link.
    let what = format!("{method} {}", if access == PageAccess::Open { &matched } else { original.path() });
    let mut call = PageCall::begin(&state.server, &request, &what);
    call.label(&format!("{method} {matched}"));
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str()).to_owned();
    let mut asked = RequestFacts {
        is_safe: method.is_safe(),
        address,
        headers: request.headers().clone(),
        values: FormValues::default(),
    };
    let session = match find_session(&state, &asked.headers).await {
        Ok(session) => session,
        Err(error) => {
            let problem = call.failed(&error.into());
            return refuse(&state, call, None, &asked, problem).await;
        }
    };
    match admit(&mut call, session.as_ref(), &mut asked, request).await {
        Err(problem) => refuse(&state, call, session.as_ref(), &asked, problem).await,
        Ok(request) => match (access, &session) {
            (PageAccess::SignedIn, None) if asked.is_safe => {
                let response = to_sign_in(&state, &asked);
                call.end(response.status());
                response
            }
            (PageAccess::SignedIn, None) => {
                let problem =
                    PageProblem::new(StatusCode::UNAUTHORIZED, "Your session has ended. Sign in to continue.");
                refuse(&state, call, None, &asked, problem).await
            }
            (PageAccess::SignedIn, Some(own))
                if !asked.is_safe && !own.csrf.accepts(asked.values.get(form::CSRF).unwrap_or_default()) =>
            {
                let message = "Your session has changed since this form was opened, so nothing was done.";
                let problem = PageProblem::new(StatusCode::FORBIDDEN, message);
                refuse(&state, call, session.as_ref(), &asked, problem).await
            }
            _ => run(state, call, session, asked, request, next).await,
        },
    }
}

async fn find_session(state: &ConsoleState, headers: &HeaderMap) -> Result<Option<ConsoleSession>, StoreError> {
    match SessionCookie::token(headers) {
        // News that the page loads by itself are no use of the session.
        Some(token) if region::is_live(headers) => state.server.sign_in().peek(&token).await,
        Some(token) => state.server.sign_in().session(&token).await,
        None => Ok(None),
    }
}

/// Applies the limits and the cross-site check, and reads the form.
async fn admit(
    call: &mut PageCall,
    session: Option<&ConsoleSession>,
    asked: &mut RequestFacts,
    request: Request,
) -> Result<Request, PageProblem> {
    match session {
        Some(session) => call.enter_as(&session.user)?,
        None => call.enter_as_stranger()?,
    }
    if asked.is_safe {
        return Ok(request);
    }
    if origin::is_cross_site(&request) {
        let message =
            "Another site sent this form, so nothing was done. Open the page in the console and send it there.";
        return Err(PageProblem::new(StatusCode::FORBIDDEN, message));
    }
    let (head, body) = request.into_parts();
    let body = call.read_form(&head.headers, body).await?;
    asked.values = FormValues::parse(&body);
    call.take_place()?;
    let mut request = Request::from_parts(head, axum::body::Body::empty());
    request.extensions_mut().insert(asked.values.clone());
    Ok(request)
}

/// Runs the page's handler.
async fn run(
    state: Arc<ConsoleState>,
    call: PageCall,
    session: Option<ConsoleSession>,
    asked: RequestFacts,
    mut request: Request,
    next: Next,
) -> Response {
    let context = session.as_ref().map(|session| call.context(&session.user, &session.roles));
    let facts = VisitFacts {
        path: request.uri().path().to_owned(),
        is_region: region::is_wanted(&asked.headers),
        notice: Notice::read(&asked.headers),
        zone: zone(&state, session.as_ref()).await,
        is_secure: state.is_secure || origin::is_secure(&request),
        token: SessionCookie::token(&asked.headers),
        flow: FlowCookie::read(&asked.headers),
        browser: BrowserCall { address: call.address(), request_id: call.request_id().to_owned() },
    };
    let page = Page::new(Arc::clone(&state), session.clone(), context, facts);
    request.extensions_mut().insert(page.clone());
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<Arc<PageError>>() {
        let problem = error.problem(&call);
        return refuse(&state, call, session.as_ref(), &asked, problem).await;
    }
    match page.take_refusal() {
        Some(problem) => call.end_refused(&problem).await,
        None => call.end(response.status()),
    }
    response
}

/// The time zone of the user's profile, else of the first site that the user sees, else UTC.
async fn zone(state: &ConsoleState, session: Option<&ConsoleSession>) -> TimeZone {
    let Some(session) = session else { return TimeZone::UTC };
    let name = match &session.profile.time_zone {
        Some(name) => Some(name.clone()),
        None => state.server.directory.current().await.ok().and_then(|snapshot| {
            let mut sites =
                snapshot.sites().filter(|site| session.user.is_administrator || session.roles.contains_key(&site.id));
            sites.next().map(|site| site.time_zone.clone())
        }),
    };
    name.and_then(|name| TimeZone::get(&name).ok()).unwrap_or(TimeZone::UTC)
}

/// Leads a browser without a session to the sign-in page.
fn to_sign_in(state: &ConsoleState, asked: &RequestFacts) -> Response {
    // A link on another site sends no cookie (SameSite=Strict). The page loads itself again, as the console's own page.
    let from_elsewhere = asked.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if from_elsewhere && !region::is_wanted(&asked.headers) {
        let refresh = HeaderValue::from_str(&format!("0; url={}{}", state.base, asked.address));
        let mut response = html(StatusCode::OK, "<!DOCTYPE html><title>Footprint</title>".to_owned());
        if let Ok(refresh) = refresh {
            response.headers_mut().insert(HeaderName::from_static("refresh"), refresh);
            return response;
        }
    }
    let wanted = utf8_percent_encode(&asked.address, NON_ALPHANUMERIC).to_string();
    let query = if asked.address == "/" { String::new() } else { format!("?to={wanted}") };
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("{}/sign-in{query}", state.base)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Answers with the problem within the layout. Writes the audit entry of a refused change or a missing right.
async fn refuse(
    state: &ConsoleState,
    call: PageCall,
    session: Option<&ConsoleSession>,
    asked: &RequestFacts,
    problem: PageProblem,
) -> Response {
    let frame = Frame::new(state, session, "", false, None);
    let heading = match problem.status {
        StatusCode::UNAUTHORIZED => "Sign in to continue",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::CONFLICT => "Changed meanwhile",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        status if status.is_server_error() => "The host cannot do this now",
        _ => "Nothing was done",
    };
    let can_repeat = !asked.is_safe && !asked.values.get(form::CSRF).unwrap_or_default().is_empty();
    let page = ProblemPage {
        frame: Frame { title: heading.to_owned(), ..frame },
        message: problem.message.clone(),
        request_id: call.request_id().to_owned(),
        form: can_repeat.then(|| KeptForm::new(format!("{}{}", state.base, asked.address), &asked.values)),
        needs_sign_in: session.is_none(),
    };
    let mut response = match page.render() {
        Ok(text) => html(problem.status, text),
        Err(_) => (problem.status, problem.message.clone()).into_response(),
    };
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if asked.is_safe && problem.status != StatusCode::FORBIDDEN {
        call.end(problem.status);
    } else {
        call.end_refused(&problem).await;
    }
    response
}

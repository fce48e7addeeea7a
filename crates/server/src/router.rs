//! The router of all addresses, and the common headers of all answers.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Redirect, Response};
use axum::routing::future::RouteFuture;
use axum::routing::{any, get};
use futures_util::FutureExt as _;
use futures_util::future::{CatchUnwind, Map};
use tower::Service;

use super::{documentation, manage, mcp, probes, tenants_endpoint};
use crate::gate::ApiReply;
use crate::to_its_end::message;
use crate::{Server, command_api};
use soar_host::Host;
use soar_host::settings::HostSettings;

/// The address of the pages, after the base path.
pub const PAGES: &str = "/console";

/// Makes the routes of the pages below [`PAGES`].
pub type PageRoutes = fn(&Arc<Server>) -> Router;

/// The router of all addresses, without pages.
pub fn router(host: Arc<Host>) -> Router {
    routes(Server::new(host), None)
}

fn routes(host: Arc<Server>, pages: Option<PageRoutes>) -> Router {
    let settings = &host.settings;
    let pages = pages.map(|pages| pages(&host));
    let document = documentation::document(&host);
    let mut router = Router::new();
    for base in bases(settings) {
        for prefix in [base.to_owned(), format!("{base}/{}", settings.namespace)] {
            let command = format!("{prefix}/api/Command/{{command}}");
            router = router
                .route(&command, any(command_api::call))
                .route(&format!("{command}/plan"), any(command_api::plan))
                .route(&format!("{command}/apply"), any(command_api::apply));
        }
        router = router
            .route(&format!("{base}/healthz"), get(probes::live))
            .route(&format!("{base}/readyz"), get(probes::ready))
            .route(&format!("{base}/metrics"), get(probes::metrics))
            .merge(mcp::routes(base, &host))
            .merge(tenants_endpoint::routes(base))
            .merge(documentation::routes(base, document.clone()))
            .merge(start(base, pages.is_some()))
            .nest(&format!("{base}{}", manage::BASE), manage::routes());
        if let Some(pages) = &pages {
            router = router.nest_service(&format!("{base}{PAGES}"), pages.clone());
        }
    }
    router.fallback(unknown_address).method_not_allowed_fallback(other_method).with_state(host)
}

/// The routes of `base` itself. They redirect to the pages, or to the documentation in a server without pages. The
/// redirects are relative, so that they also work behind a proxy that adds a path prefix.
fn start(base: &str, has_pages: bool) -> Router<Arc<Server>> {
    let target = if has_pages { "console/" } else { "docs/" };
    let leading_to = |address: String| get(move || async move { Redirect::temporary(&address) });
    let router = Router::new().route(&format!("{base}/"), leading_to(target.to_owned()));
    match base.rsplit_once('/') {
        Some((_, last)) => router.route(base, leading_to(format!("{last}/{target}"))),
        None => router,
    }
}

/// The prefixes of all addresses: none, and the base path. A proxy in front of the host may remove the base path.
fn bases(settings: &HostSettings) -> Vec<&str> {
    let mut bases = vec!["", settings.base_path.as_str()];
    bases.dedup();
    bases
}

/// The router with the common headers, also for an answer that panics.
///
/// This service wraps the router, since a router's layers are boxed and cloned for each call.
#[derive(Debug, Clone)]
pub(super) struct Answers(Router);

impl Answers {
    pub(super) fn of(host: Arc<Server>, pages: Option<PageRoutes>) -> Self {
        Self(routes(host, pages))
    }
}

/// The router's result; `Err` for a panic.
type Answered = Result<Result<Response, Infallible>, Box<dyn Any + Send>>;

impl<B> Service<Request<B>> for Answers
where
    Router: Service<Request<B>, Response = Response, Error = Infallible, Future = RouteFuture<Infallible>>,
{
    type Response = Response;
    type Error = Infallible;
    type Future =
        Map<CatchUnwind<AssertUnwindSafe<RouteFuture<Infallible>>>, fn(Answered) -> Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        AssertUnwindSafe(self.0.call(request))
            .catch_unwind()
            .map(|answered| answered.unwrap_or_else(|panic| Ok(panicked(panic.as_ref()))).map(with_common_headers))
    }
}

fn new_request_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

async fn unknown_address(request: Request) -> Response {
    let path = soar_connector::name::quoted(request.uri().path());
    let error = format!("There is nothing at {path}. /openapi.json lists all addresses.");
    ApiReply::error(StatusCode::NOT_FOUND, error).into_response(&new_request_id())
}

async fn other_method(request: Request) -> Response {
    let error = format!(
        "The method {} is not allowed at this address.",
        soar_connector::name::quoted(request.method().as_str())
    );
    let mut response = ApiReply::error(StatusCode::METHOD_NOT_ALLOWED, error).into_response(&new_request_id());
    // The router sets the allowed methods.
    response.headers_mut().remove(header::ALLOW);
    response
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let request_id = new_request_id();
    tracing::error!(request_id, panic = message(panic), "an answer panicked");
    ApiReply::unexpected("").into_response(&request_id)
}

/// Adds the common headers.
fn with_common_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'");
    if !headers.contains_key("x-request-id")
        && let Ok(request_id) = HeaderValue::from_str(&new_request_id())
    {
        headers.insert("x-request-id", request_id);
    }
    response
}

//! Which address is answered by what.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{any, get};
use tower::util::MapResponseLayer;
use tower_http::catch_panic::CatchPanicLayer;

use super::{documentation, health, manage};
use crate::command_api;
use crate::gate::Reply;
use crate::host::Host;
use crate::tenants;

/// Everything that the host answers.
pub fn router(host: Arc<Host>) -> Router {
    let settings = &host.settings;
    let mut prefixes =
        vec![String::new(), format!("/{}", settings.namespace), settings.base_path.clone(), settings.prefix()];
    prefixes.sort();
    prefixes.dedup();
    let tenants = tenants::routes(&settings.base_path);
    let mut router = Router::new();
    for prefix in prefixes {
        router = router.route(&format!("{prefix}/api/Command/{{command}}"), any(command_api::call));
    }
    router
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .merge(documentation::routes(&host))
        .merge(manage::routes())
        .merge(tenants)
        .fallback(unknown_address)
        .method_not_allowed_fallback(other_method)
        .layer((MapResponseLayer::new(with_common_headers), CatchPanicLayer::custom(panicked)))
        .with_state(host)
}

fn new_request_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

async fn unknown_address(request: Request) -> Response {
    let path = soar_connector::name::quoted(request.uri().path());
    let error = format!("There is nothing at {path}. /openapi.json lists all addresses.");
    Reply::error(StatusCode::NOT_FOUND, error).into_response(&new_request_id())
}

async fn other_method(request: Request) -> Response {
    let error = format!("{} is not answered here.", soar_connector::name::quoted(request.method().as_str()));
    let mut response = Reply::error(StatusCode::METHOD_NOT_ALLOWED, error).into_response(&new_request_id());
    // The router says itself what is allowed.
    response.headers_mut().remove(header::ALLOW);
    response
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let request_id = new_request_id();
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(request_id, panic = said, "an answer panicked");
    Reply::unexpected("").into_response(&request_id)
}

/// What every answer carries.
fn with_common_headers<B>(mut response: Response<B>) -> Response<B> {
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

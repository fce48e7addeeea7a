//! `/openapi.json`, and Swagger UI at `/docs`, served from the binary.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use tower::util::MapResponseLayer;
use utoipa_swagger_ui::Config;

use super::openapi;
use crate::Server;
use crate::gate::Reply;

/// Swagger UI writes styles into its page, and draws pictures from `data:`.
const PAGE_POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

pub(super) fn routes(host: &Arc<Server>) -> Router<Arc<Server>> {
    // It never changes while the host runs.
    let document = Bytes::from(openapi(&host.settings, &host.commands).to_string());
    let config = Arc::new(Config::from("/openapi.json"));
    let pages = Router::new()
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route(
            "/docs/",
            get({
                let config = Arc::clone(&config);
                move || async move { file("index.html", config) }
            }),
        )
        .route(
            "/docs/{*file}",
            get(move |State(_): State<Arc<Server>>, Path(path): Path<String>| async move { file(&path, config) }),
        )
        .layer(MapResponseLayer::new(with_page_policy));
    Router::new().route("/openapi.json", get(move || async move { json(document) })).merge(pages)
}

fn with_page_policy(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}

fn json(document: Bytes) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document).into_response()
}

fn file(path: &str, config: Arc<Config<'static>>) -> Response {
    match utoipa_swagger_ui::serve(path, config) {
        Ok(Some(file)) => {
            let kind = HeaderValue::from_str(&file.content_type);
            let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
            ([(header::CONTENT_TYPE, kind)], Body::from(file.bytes.into_owned())).into_response()
        }
        _ => Reply::error(StatusCode::NOT_FOUND, "There is no such file.")
            .into_response(&uuid::Uuid::now_v7().to_string()),
    }
}

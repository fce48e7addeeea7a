//! `/openapi.json`, and Swagger UI at `/docs`, served from the binary.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use tower::util::MapResponseLayer;
use utoipa_swagger_ui::Config;

use super::openapi;
use crate::Server;
use crate::gate::ApiReply;

/// Swagger UI uses inline styles and images from `data:`.
const PAGE_POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// The OpenAPI document, which never changes while the host runs.
pub(super) fn document(host: &Server) -> Bytes {
    openapi(&host.settings, &host.commands).to_string().into()
}

/// The routes of the documentation below `base`.
pub(super) fn routes(base: &str, document: Bytes) -> Router<Arc<Server>> {
    // Relative, so that the page also works behind a proxy that adds a path prefix.
    let config = Arc::new(Config::from("../openapi.json"));
    let pages = Router::new()
        .route(
            &format!("{base}/docs/"),
            get({
                let config = Arc::clone(&config);
                move || async move { file("index.html", config) }
            }),
        )
        .route(
            &format!("{base}/docs/{{*file}}"),
            get(move |State(_): State<Arc<Server>>, Path(path): Path<String>| async move { file(&path, config) }),
        )
        .layer(MapResponseLayer::new(with_page_policy));
    Router::new()
        .route(&format!("{base}/docs"), get(|| async { Redirect::permanent("docs/") }))
        .route(&format!("{base}/openapi.json"), get(move || async move { json(document) }))
        .merge(pages)
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
            let bytes = match file.bytes {
                // The file is part of the binary, so all answers share its bytes.
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            ([(header::CONTENT_TYPE, kind)], bytes).into_response()
        }
        _ => ApiReply::error(StatusCode::NOT_FOUND, "The file does not exist.")
            .into_response(&uuid::Uuid::now_v7().to_string()),
    }
}

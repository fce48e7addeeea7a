//! `/openapi.json`, and Swagger UI at `/docs`, served from the binary.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, get_service};
use bytes::Bytes;
use swagger_ui_dist::{ApiDefinition, OpenApiSource};
use tower::util::MapResponseLayer;

use super::openapi;
use crate::Server;

/// Swagger UI uses inline styles and images from `data:`.
const PAGE_POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// The page, which loads its files from beside it.
const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>API of the host</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="swagger-ui.css">
<style>body { margin: 0; background: #fafafa }</style>
</head>
<body>
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="swagger-initializer.js"></script>
</body>
</html>
"#;

/// The script that starts the page. The address is relative, so that the page also works behind a proxy that adds a path
/// prefix.
const INITIALIZER: &str = r##"window.onload = () => {
  window.ui = SwaggerUIBundle({ url: "../openapi.json", dom_id: "#swagger-ui", deepLinking: true });
};
"##;

/// The OpenAPI document, which never changes while the host runs.
pub(super) fn document(host: &Server) -> Bytes {
    openapi(&host.settings, &host.commands).to_string().into()
}

/// The routes of the documentation below `base`.
pub(super) fn routes(base: &str, document: Bytes) -> Router<Arc<Server>> {
    let prefix = format!("{base}/docs");
    // Only the library's files are taken: its page has a script inside, which the policy of the host's pages refuses.
    let files = swagger_ui_dist::generate_routes(ApiDefinition {
        uri_prefix: prefix.clone(),
        api_definition: OpenApiSource::Uri(format!("{base}/openapi.json")),
        title: None,
    });
    let initializer = ([(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript"))], INITIALIZER);
    let pages = Router::new()
        .route(&format!("{prefix}/"), get(|| async { Html(PAGE) }))
        .route(&format!("{prefix}/index.html"), get(|| async { Html(PAGE) }))
        .route(&format!("{prefix}/swagger-initializer.js"), get(move || async move { initializer }))
        .route(&format!("{prefix}/swagger-ui.css"), get_service(files.clone()))
        .route(&format!("{prefix}/swagger-ui-bundle.js"), get_service(files))
        .layer(MapResponseLayer::new(with_page_policy));
    Router::new()
        .route(&prefix, get(|| async { Redirect::permanent("docs/") }))
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

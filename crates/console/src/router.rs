//! The routes of all pages.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use soar_server::Server;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

use crate::assets;
use crate::pages::{gallery, open_routes, routes};
use crate::visit::{ConsoleState, Page, PageError, events, open, signed_in, with_headers};

/// The pages of the console, for [`soar_server::serve_with_pages`].
pub fn pages(server: &Arc<Server>) -> Router {
    with_pages_for_users(server, routes())
}

/// For tests: the pages of the console, and `/gallery` with all parts of pages.
pub fn pages_and_gallery(server: &Arc<Server>) -> Router {
    with_pages_for_users(server, routes().merge(gallery()))
}

fn with_pages_for_users(server: &Arc<Server>, for_users: Router) -> Router {
    let state = ConsoleState::new(server);
    let for_anybody = open_routes().layer(from_fn_with_state(Arc::clone(&state), open));
    let for_users = for_users
        .route("/events", get(events))
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        .layer(from_fn_with_state(Arc::clone(&state), signed_in));
    Router::new()
        .route("/static/{file}", get(assets::file))
        .merge(for_anybody)
        .merge(for_users)
        .layer(axum::middleware::map_response(async |response| with_headers(response)))
        .layer(CompressionLayer::new().gzip(true).compress_when(compressed()))
}

/// Answers of more than a packet, except streams of events.
fn compressed() -> impl tower_http::compression::predicate::Predicate {
    SizeAbove::new(1_400).and(NotForContentType::const_new("text/event-stream"))
}

async fn nothing_here(_: Page) -> PageError {
    PageError::not_found("The console has no page at this address.")
}

//! Routes of pages.

use axum::handler::Handler;
use axum::routing::{self, MethodRouter};
use soar_server::AnyHandler;

/// The route of a page.
pub(crate) fn get<H: Handler<T, ()>, T: 'static>(show: H) -> MethodRouter {
    routing::get(AnyHandler::new(show))
}

/// The route to which a form is sent.
pub(crate) fn post<H: Handler<T, ()>, T: 'static>(submit: H) -> MethodRouter {
    routing::post(AnyHandler::new(submit))
}

/// The route of a page with a form that is sent to the page's own address.
pub(crate) fn form<H: Handler<T, ()>, T: 'static, J: Handler<U, ()>, U: 'static>(show: H, submit: J) -> MethodRouter {
    get(show).merge(post(submit))
}

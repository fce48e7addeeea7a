//! A handler without its type.

use std::sync::Arc;

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

/// A handler of routes with the state `S`, without its type. axum's layers are compiled for each type of handler, and each
/// layer proves again that the handler's future is `Send`; with many routes that takes longer than the rest of a crate.
#[derive(Clone)]
pub struct AnyHandler<S>(Arc<dyn Fn(Request, S) -> BoxFuture<'static, Response> + Send + Sync>);

impl<S> AnyHandler<S> {
    /// `handler` without its type.
    pub fn new<H: Handler<T, S>, T: 'static>(handler: H) -> Self {
        Self(Arc::new(move |request, state| handler.clone().call(request, state).boxed()))
    }
}

impl<S: Clone + Send + Sync + 'static> Handler<(), S> for AnyHandler<S> {
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, state: S) -> Self::Future {
        (self.0)(request, state)
    }
}

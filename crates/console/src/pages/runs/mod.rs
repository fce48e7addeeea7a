//! Runs of integration commands: the list, one run, and its cancellation.

mod cancel;
mod list;
mod one;

use axum::Router;

pub(super) use one::pretty;

pub(super) fn routes() -> Router {
    list::routes().merge(one::routes()).merge(cancel::routes())
}

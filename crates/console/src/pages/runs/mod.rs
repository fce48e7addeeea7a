//! Runs of integration commands: the list, one run, and its cancellation.

mod cancel;
mod following;
mod list;
mod one;
mod outcome;

use axum::Router;

pub(super) use following::progress;

pub(super) fn routes() -> Router {
    list::routes().merge(one::routes()).merge(cancel::routes())
}

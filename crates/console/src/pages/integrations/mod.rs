//! The integrations, their commands and their connections.

mod command;
mod list;
mod one;

use axum::Router;

pub(super) fn routes() -> Router {
    [list::routes(), one::routes(), command::routes()].into_iter().fold(Router::new(), Router::merge)
}

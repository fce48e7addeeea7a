//! `/profile`: what a user chooses for itself: time zone, colours, password, authenticator app, sessions.

mod authenticator;
mod display;
mod overview;
mod password;
mod sessions;

use axum::Router;

pub(super) fn routes() -> Router {
    let parts =
        [overview::routes(), display::routes(), password::routes(), authenticator::routes(), sessions::routes()];
    parts.into_iter().fold(Router::new(), Router::merge)
}

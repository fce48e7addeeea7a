//! The pages: one file each, with its routes, its template and its handlers.

mod home;
mod password;
mod profile;
mod sign_in;
mod sign_out;

use axum::Router;

/// The pages that anybody may see.
pub(crate) fn open_routes() -> Router {
    [sign_in::routes(), password::routes()].into_iter().fold(Router::new(), Router::merge)
}

/// The pages for signed-in users.
pub(crate) fn routes() -> Router {
    [home::routes(), profile::routes(), sign_out::routes()].into_iter().fold(Router::new(), Router::merge)
}

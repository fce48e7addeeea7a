//! Users: the list, one user with its roles and sessions, a new user, and links to set a password.

mod create;
mod list;
mod one;
mod panels;
mod password_link;
mod roles;
mod sign_in;

use axum::Router;

use super::named::name_segment;

pub(super) fn routes() -> Router {
    let routes =
        [list::routes(), create::routes(), one::routes(), roles::routes(), password_link::routes(), sign_in::routes()];
    routes.into_iter().fold(Router::new(), Router::merge)
}

/// The beginnings of refusals, and the fields that the refusals are about.
const FIELDS: &[(&str, &str)] = &[("The name of the user", "name"), ("There is no site", "site"), ("\"", "email")];

/// The address of a user below the console.
fn address(name: &str) -> String {
    format!("/users/{}", name_segment(name))
}

//! The pages: one file each, with its routes, its template and its handlers.

mod audit;
mod cases;
mod choices;
mod connections;
mod findings;
mod gallery;
mod health;
mod home;
mod incident_parts;
mod incidents;
mod integrations;
mod keys;
mod named;
mod openid;
mod password;
mod profile;
mod runs;
mod schedules;
mod sign_in;
mod sign_out;
mod sites;
mod tenants;
mod test_command;
mod users;

use axum::Router;

pub(crate) use self::gallery::gallery;

/// The pages that anybody may see.
pub(crate) fn open_routes() -> Router {
    [sign_in::routes(), openid::routes(), password::routes()].into_iter().fold(Router::new(), Router::merge)
}

/// The pages for signed-in users.
pub(crate) fn routes() -> Router {
    let routes = [
        home::routes(),
        health::routes(),
        findings::routes(),
        incidents::routes(),
        cases::routes(),
        runs::routes(),
        schedules::routes(),
        sites::routes(),
        tenants::routes(),
        users::routes(),
        keys::routes(),
        audit::routes(),
        integrations::routes(),
        connections::routes(),
        test_command::routes(),
        profile::routes(),
        sign_out::routes(),
    ];
    routes.into_iter().fold(Router::new(), Router::merge)
}

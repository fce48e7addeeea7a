//! Incidents: the list, one incident, and commands on many incidents.

mod apply;
mod bulk;
mod bulk_command;
mod change;
mod create;
mod fields;
mod inputs;
mod link;
mod list;
mod one;
mod open;
mod panels;
mod plan;
mod tasks;

pub(super) use open::open_incidents;

use axum::Router;

pub(super) fn routes() -> Router {
    let routes = [
        list::routes(),
        create::routes(),
        bulk::routes(),
        one::routes(),
        change::routes(),
        tasks::routes(),
        link::routes(),
    ];
    routes.into_iter().fold(Router::new(), Router::merge)
}

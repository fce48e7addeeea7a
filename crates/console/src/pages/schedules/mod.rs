//! Schedules of commands: the list, one schedule with its log, its form, and what can be done with it.

mod create;
mod fields;
mod list;
mod one;
mod remove;
mod run;

use axum::Router;

pub(super) fn routes() -> Router {
    [list::routes(), create::routes(), one::routes(), run::routes(), remove::routes()]
        .into_iter()
        .fold(Router::new(), Router::merge)
}

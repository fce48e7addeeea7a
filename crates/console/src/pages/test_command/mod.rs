//! Test Command: runs a command on a connection, and shows its result.

mod cancel;
mod chosen;
mod confirm;
mod export;
mod form_page;
mod inputs;
mod lines;
mod pick;
mod pickers;
mod raw_tab;
mod result_tab;
mod run;
mod start;
mod tree;

use axum::Router;

pub(super) fn routes() -> Router {
    [form_page::routes(), start::routes(), pick::routes(), run::routes(), cancel::routes(), export::routes()]
        .into_iter()
        .fold(Router::new(), Router::merge)
}

/// The address of a run below the console.
fn address(id: impl std::fmt::Display) -> String {
    format!("/test-command/runs/{id}")
}

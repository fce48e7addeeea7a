//! Cases: the list, and one case with its incidents.

mod list;
mod one;

use axum::Router;

use crate::visit::segment;

pub(super) fn routes() -> Router {
    list::routes().merge(one::routes())
}

/// The address of a case below the console.
fn address(number: &str) -> String {
    format!("/cases/{}", segment(number))
}

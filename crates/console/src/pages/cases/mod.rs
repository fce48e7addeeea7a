//! Cases: the list, and one case with its incidents.

mod list;
mod one;

use axum::Router;

pub(super) fn routes() -> Router {
    list::routes().merge(one::routes())
}

/// The address of a case below the console.
fn address(number: &str) -> String {
    format!("/cases/{}", percent_encoding::utf8_percent_encode(number, percent_encoding::NON_ALPHANUMERIC))
}

//! Sites: the list, one site with its form, a new site, and the removal of a site.

mod create;
mod fields;
mod list;
mod one;
mod remove;

use axum::Router;

use super::named::name_segment;

pub(super) fn routes() -> Router {
    list::routes().merge(create::routes()).merge(one::routes()).merge(remove::routes())
}

/// The address of a site below the console.
fn address(name: &str) -> String {
    format!("/sites/{}", name_segment(name))
}

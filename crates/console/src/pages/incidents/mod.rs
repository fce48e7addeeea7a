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
mod panels;
mod plan;
mod tasks;

use axum::Router;
use soar_store::model::Status;

use crate::parts::{Badge, Meaning};
use crate::visit::segment;

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

/// The address of an incident below the console.
pub(super) fn address(number: &str) -> String {
    format!("/incidents/{}", segment(number))
}

pub(super) fn status(status: Status) -> Badge {
    let meaning = match status {
        Status::Open => Meaning::Active,
        Status::Closed => Meaning::Neutral,
    };
    Badge::new(status.as_str(), meaning)
}

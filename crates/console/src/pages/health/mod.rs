//! Health: all connections, the worst first, and the history of one connection.

mod charts;
mod check;
mod groups;
mod history;
mod list;

use axum::Router;
use soar_store::model::ConnectionId;

pub(super) fn routes() -> Router {
    list::routes().merge(history::routes()).merge(check::routes())
}

/// The address of the health of a connection below the console.
fn address(id: ConnectionId) -> String {
    format!("/health/{id}")
}

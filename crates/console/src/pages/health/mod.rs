//! Health: all connections, the worst first, and the history of one connection.

mod charts;
mod groups;
mod history;
mod list;

use axum::Router;

pub(super) fn routes() -> Router {
    list::routes().merge(history::routes())
}

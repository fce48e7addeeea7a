//! Tenants: on a master its tenants and the syncs of connections; on a tenant its one-time keys and its masters.

mod create;
mod keys;
mod list;
mod masters;
mod one;
mod steps;
mod sync_list;
mod sync_new;
mod sync_one;
mod sync_start;

use axum::Router;

pub(super) fn routes() -> Router {
    let routes = [
        list::routes(),
        create::routes(),
        keys::routes(),
        masters::routes(),
        sync_list::routes(),
        sync_new::routes(),
        sync_one::routes(),
        one::routes(),
        steps::routes(),
    ];
    routes.into_iter().fold(Router::new(), Router::merge)
}

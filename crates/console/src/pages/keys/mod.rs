//! API keys and JWT keys: the list, a new key, and the revocation of a key.

mod create;
mod list;
mod revoke;

use axum::Router;

pub(super) fn routes() -> Router {
    list::routes().merge(create::routes()).merge(revoke::routes())
}

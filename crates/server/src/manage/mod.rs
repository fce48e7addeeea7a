//! The management API under `/api/manage/v1`, for administrators' keys: one file per resource, whose routes carry their
//! descriptions. Each handler is an adapter over an operation.

mod address;
mod agents;
mod audit;
mod body;
mod cases;
mod connections;
mod health;
mod incidents;
mod integrations;
mod keys;
mod masters;
mod query;
mod request;
mod roles;
mod runs;
mod schedules;
mod sites;
mod sync_runs;
mod tenant_keys;
mod tenants;
mod transfer;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use crate::Server;
use crate::gate::Reply;

/// What stands before all addresses of this API, after the base path.
pub(super) const BASE: &str = "/api/manage/v1";

/// Addresses with their descriptions.
type Routes = OpenApiRouter<Arc<Server>>;

/// All addresses below [`BASE`] with their descriptions.
pub(super) fn described_routes() -> Routes {
    [
        sites::routes(),
        users::routes(),
        roles::routes(),
        keys::routes(),
        audit::routes(),
        integrations::routes(),
        agents::routes(),
        connections::routes(),
        runs::routes(),
        health::routes(),
        schedules::routes(),
        incidents::routes(),
        cases::routes(),
        tenants::routes(),
        sync_runs::routes(),
        tenant_keys::routes(),
        masters::routes(),
        transfer::routes(),
    ]
    .into_iter()
    .fold(OpenApiRouter::new(), OpenApiRouter::merge)
}

/// All addresses below [`BASE`].
pub(super) fn routes() -> Router<Arc<Server>> {
    let (routes, _) = described_routes().split_for_parts();
    routes.layer(from_fn(detached))
}

/// Runs a call in a task of its own: a caller who goes away does not stop an operation that has begun.
async fn detached(request: Request, next: Next) -> Response {
    tokio::spawn(next.run(request)).await.unwrap_or_else(|error| {
        let request_id = uuid::Uuid::now_v7().to_string();
        tracing::error!(request_id, %error, "a call broke");
        Reply::unexpected("").into_response(&request_id)
    })
}

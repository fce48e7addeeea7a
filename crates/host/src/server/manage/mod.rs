//! The management API under `/api/manage/v1`, for administrators' keys: one file per resource, each a list of operations
//! from which both the addresses and the OpenAPI document are drawn.

mod address;
mod audit;
mod body;
mod call;
mod cases;
mod connections;
mod error;
mod health;
mod incidents;
mod integrations;
mod keys;
mod masters;
mod operation;
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

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};

use utoipa_axum::router::OpenApiRouter;

use error::ManageError;
pub(super) use operation::{Operation, operations_of};
pub(super) use transfer::media_type;

use crate::host::Host;

/// What stands before all addresses of this API.
pub(super) const BASE: &str = "/api/manage/v1";

/// The addresses of one resource, each with its description.
type Routes = OpenApiRouter<Arc<Host>>;

/// All addresses below [`BASE`] with their descriptions.
pub(super) fn described_routes() -> Routes {
    OpenApiRouter::new().merge(sites::routes()).merge(users::routes()).merge(roles::routes())
}

/// Runs a call in a task of its own: a caller who goes away does not stop an operation that has begun.
async fn detached(request: Request, next: Next) -> Response {
    let answered = tokio::spawn(next.run(request)).await;
    answered.unwrap_or_else(|error| {
        tracing::error!(%error, "a call broke");
        crate::gate::Reply::unexpected("").into_response(&uuid::Uuid::now_v7().to_string())
    })
}

/// All operations, by resource.
pub(super) fn operations() -> &'static [Operation] {
    static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
        operations_of([
            keys::operations(),
            audit::operations(),
            integrations::operations(),
            connections::operations(),
            runs::operations(),
            health::operations(),
            schedules::operations(),
            incidents::operations(),
            cases::operations(),
            tenants::operations(),
            sync_runs::operations(),
            tenant_keys::operations(),
            masters::operations(),
            transfer::operations(),
        ])
    });
    &OPERATIONS
}

pub(super) fn routes() -> Router<Arc<Host>> {
    let mut paths: BTreeMap<&str, MethodRouter<Arc<Host>>> = BTreeMap::new();
    for operation in operations() {
        let filter = match operation.method {
            "get" => MethodFilter::GET,
            "post" => MethodFilter::POST,
            "put" => MethodFilter::PUT,
            "patch" => MethodFilter::PATCH,
            _ => MethodFilter::DELETE,
        };
        let answer = on(filter, move |state, path, request| call::call(operation, state, path, request));
        let path = paths.remove(operation.path).unwrap_or_default().merge(answer);
        paths.insert(operation.path, path);
    }
    let (typed, _) = described_routes().split_for_parts();
    let router = Router::new().nest(BASE, typed.layer(from_fn(detached)));
    paths.into_iter().fold(router, |router, (path, methods)| router.route(&format!("{BASE}{path}"), methods))
}

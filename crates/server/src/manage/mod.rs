//! The management API under `/api/manage/v1`, for administrators' keys: one file per resource with its routes and their
//! descriptions. Each handler is an adapter over an operation.

mod address;
mod agents;
mod audit;
mod body;
mod cases;
mod connections;
mod finding_rules;
mod findings;
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
mod sign_in;
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

use crate::gate::ApiReply;
use crate::{Server, to_its_end};

/// The prefix of all addresses of this API, after the base path.
pub(super) const BASE: &str = "/api/manage/v1";

/// As `utoipa_axum::routes`, with handlers without their types.
macro_rules! handlers {
    ($($handler:ident),+ $(,)?) => {{
        let (mut schemas, mut paths) = (Vec::new(), utoipa::openapi::path::Paths::new());
        let mut methods = axum::routing::MethodRouter::new();
        $(
            let (path, operation, kinds) = utoipa_axum::routes!(@resolve_types $handler : schemas);
            for kind in &kinds {
                let method = utoipa_axum::PathItemExt::to_method_filter(kind);
                methods = methods.on(method, crate::AnyHandler::new($handler));
            }
            paths.add_path_operation(path, kinds, operation);
        )+
        (schemas, paths, methods)
    }};
}
use handlers;

/// Routes with their descriptions.
type Routes = OpenApiRouter<Arc<Server>>;

/// All routes below [`BASE`] with their descriptions.
pub(super) fn described_routes() -> Routes {
    [
        sites::routes(),
        users::routes(),
        roles::routes(),
        sign_in::routes(),
        keys::routes(),
        audit::routes(),
        integrations::routes(),
        agents::routes(),
        connections::routes(),
        runs::routes(),
        health::routes(),
        findings::routes(),
        finding_rules::routes(),
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

/// All routes below [`BASE`].
pub(super) fn routes() -> Router<Arc<Server>> {
    let (routes, _) = described_routes().split_for_parts();
    routes.layer(from_fn(finish_changes))
}

/// Finishes a change even if the caller goes away. A call that only reads stops then.
async fn finish_changes(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let request_id = uuid::Uuid::now_v7().to_string();
    let ended = to_its_end(&request_id, next.run(request)).await;
    ended.unwrap_or_else(|_| ApiReply::unexpected("").into_response(&request_id))
}

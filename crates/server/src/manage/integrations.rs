//! Integrations with the parameters of their connections, and the sealing key.

use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use super::request::Managed;
use super::{Routes, handlers};
use soar_host::operations::Integration;
use soar_host::sealing::Rotation;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list)).routes(handlers!(rotate))
}

/// All integrations, with the parameters of their connections
#[utoipa::path(get, path = "/integrations", operation_id = "listIntegrations",
    responses((status = 200, body = Vec<Integration>)))]
async fn list(Managed { request, .. }: Managed) -> Response {
    let integrations = request.operations().list_integrations();
    request.answer(integrations).await
}

/// Make a new sealing key, seal every secret with it, and delete the old key; then back up the key file
#[utoipa::path(post, path = "/sealing-keys/rotate", operation_id = "rotateSealingKey",
    responses((status = 200, body = Rotation)))]
async fn rotate(Managed { request, .. }: Managed) -> Response {
    let rotated = request.operations().rotate_sealing_key(&request.context).await;
    request.answer_tried(rotated).await
}

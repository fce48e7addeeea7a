//! Integrations: what connections can be made to, which parameters those take, and the keys that seal their secrets.

use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::request::Managed;
use soar_host::operations::Integration;
use soar_host::sealing::Rotation;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(rotate))
}

/// All integrations that are compiled in, with the parameters that their connections take
#[utoipa::path(get, path = "/integrations", operation_id = "listIntegrations",
    responses((status = 200, body = Vec<Integration>)))]
async fn list(Managed { request, .. }: Managed) -> Response {
    let integrations = request.operations().list_integrations();
    request.answer(integrations).await
}

/// Make a new sealing key, seal every secret with it, and drop the old one; then copy the key file
#[utoipa::path(post, path = "/sealing-keys/rotate", operation_id = "rotateSealingKey",
    responses((status = 200, body = Rotation)))]
async fn rotate(Managed { request, .. }: Managed) -> Response {
    let rotated = request.operations().rotate_sealing_key(&request.context).await;
    request.answer_tried(rotated).await
}

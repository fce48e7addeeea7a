//! Proxy agents. No answer contains their secrets.

use axum::response::Response;
use soar_store::model::Agent;
use utoipa_axum::router::OpenApiRouter;

use super::address::{IdempotencyHeader, Name};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::agents::{AgentChange, AgentDraft, AgentTested};
use soar_host::operations::AgentToTest;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list, create)).routes(handlers!(get, change, remove)).routes(handlers!(test))
}

/// All proxy agents, by name, without their secrets
#[utoipa::path(get, path = "/agents", operation_id = "listAgents", responses((status = 200, body = Vec<Agent>)))]
async fn list(Managed { request, .. }: Managed) -> Response {
    let agents = request.operations().list_agents(&request.context).await;
    request.answer(agents).await
}

/// Make a proxy agent, which connections can use by its name
#[utoipa::path(post, path = "/agents", operation_id = "makeAgent", params(IdempotencyHeader), request_body = AgentDraft,
    responses((status = 201, body = Agent)))]
async fn create(Managed { request, body, .. }: Managed<Nothing, Nothing, AgentDraft>) -> Response {
    let request = request.creating();
    let made = request.operations().create_agent(&request.context, body).await;
    request.answer_change(made).await
}

/// One proxy agent, without its secret
#[utoipa::path(get, path = "/agents/{name}", operation_id = "getAgent", params(Name),
    responses((status = 200, body = Agent)))]
async fn get(Managed { request, path, .. }: Managed<Name>) -> Response {
    let agent = request.operations().agent(&request.context, &path.name).await;
    request.answer(agent).await
}

/// Change a proxy agent; fields that are left out stay unchanged, and a new address needs the secret again
#[utoipa::path(patch, path = "/agents/{name}", operation_id = "changeAgent", params(Name, IdempotencyHeader),
    request_body = AgentChange, responses((status = 200, body = Agent)))]
async fn change(Managed { request, path, body, .. }: Managed<Name, Nothing, AgentChange>) -> Response {
    let changed = request.operations().change_agent(&request.context, &path.name, body).await;
    request.answer_change(changed).await
}

/// Delete a proxy agent that no connection names; the answer is the deleted agent
#[utoipa::path(delete, path = "/agents/{name}", operation_id = "deleteAgent", params(Name, IdempotencyHeader),
    responses((status = 200, body = Agent)))]
async fn remove(Managed { request, path, .. }: Managed<Name>) -> Response {
    let removed = request.operations().remove_agent(&request.context, &path.name).await;
    request.answer_change(removed).await
}

/// Ask the proxy for a connection to a server, or to the server of a connection; the host sends nothing over it
#[utoipa::path(post, path = "/agents/{name}/test", operation_id = "testAgent", params(Name), request_body = AgentToTest,
    responses((status = 200, body = AgentTested)))]
async fn test(Managed { request, path, body, .. }: Managed<Name, Nothing, AgentToTest>) -> Response {
    let tested = request.operations().test_agent(&request.context, &path.name, body).await;
    request.answer_tried(tested).await
}

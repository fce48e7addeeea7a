//! On a tenant: the addresses that masters call.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use soar_host::tenants::{MasterMessage, MasterReply};
use soar_store::model::Surface;

use crate::gate::{ApiCall, ApiReply, read_json};
use crate::{Server, to_its_end};
use soar_host::limits::network;

/// The addresses that masters call, below `base`.
pub(crate) fn routes(base: &str) -> Router<Arc<Server>> {
    Router::new()
        .route(&format!("{base}/api/tenant/v1/register"), post(register))
        .route(&format!("{base}/api/tenant/v1/call"), post(call))
}

async fn register(State(server): State<Arc<Server>>, request: Request) -> Response {
    answer(server, request, "tenant register", MasterMessage::registration).await
}

async fn call(State(server): State<Arc<Server>>, request: Request) -> Response {
    answer(server, request, "tenant call", MasterMessage::sealed).await
}

async fn answer(
    server: Arc<Server>,
    request: Request,
    what: &'static str,
    read: fn(&[u8]) -> Result<MasterMessage, MasterReply>,
) -> Response {
    let mut call = ApiCall::begin(&server, Surface::Tenant, &request, what);
    call.label = what.into();
    let request_id = call.entry.request_id.clone();
    let Some(tenants) = server.tenants.clone() else {
        let refusal = MasterReply::refusal(404, "no-tenant", "This host does not accept connections from masters.");
        return call.write_and_answer(reply(refusal)).await;
    };
    let (head, body) = request.into_parts();
    let arrived = async {
        call.check_address()?;
        let mut share = server.masters.begin(call.address.map(network)).map_err(ApiReply::beyond_calls)?;
        let body = read_json(&head.headers, body, &server.settings, &mut share).await?;
        Ok((read(&body).map_err(reply)?, share))
    };
    let arrived = arrived.await;
    let admitted = arrived.and_then(|(message, share)| {
        let place = Arc::clone(&server.in_flight).try_acquire_owned().map_err(|_| ApiReply::too_many_calls())?;
        Ok((message, (place, share)))
    });
    let (message, place) = match admitted {
        Ok(admitted) => admitted,
        Err(reply) => return call.write_and_answer(reply).await,
    };
    // The message is handled to its end even if the master goes away.
    let finished = to_its_end(&request_id, async move {
        let response = match tenants.receive(&mut call.entry, &message).await {
            Ok(taken) if taken.is_written => {
                let reply = reply(taken);
                call.conclude(&reply);
                call.answer_written(reply)
            }
            Ok(taken) => call.write_and_answer(reply(taken)).await,
            Err(error) => {
                let request_id = &call.entry.request_id;
                tracing::error!(request_id, %error, "a master's message failed");
                call.write_and_answer(ApiReply::unexpected(error.to_string())).await
            }
        };
        drop(place);
        response
    });
    finished.await.unwrap_or_else(|_| ApiReply::unexpected("").into_response(&request_id))
}

fn reply(taken: MasterReply) -> ApiReply {
    let MasterReply { status, body, accepted, reason, .. } = taken;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    ApiReply { accepted, reason, ..ApiReply::body(status, body) }
}

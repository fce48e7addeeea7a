//! On a tenant: the addresses that masters call.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use soar_host::tenants::{MasterMessage, MasterReply};
use soar_store::model::Surface;

use crate::Server;
use crate::gate::{Call, Reply, read_json};

/// The addresses that masters call, below what stands before all addresses of the host.
pub(crate) fn routes(base_path: &str) -> Router<Arc<Server>> {
    let mut router = Router::new();
    let mut prefixes = vec!["", base_path];
    prefixes.dedup();
    for prefix in prefixes {
        router = router
            .route(&format!("{prefix}/api/tenant/v1/register"), post(register))
            .route(&format!("{prefix}/api/tenant/v1/call"), post(call));
    }
    router
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
    let mut call = Call::begin(&server, Surface::Tenant, &request, what);
    call.label = what.into();
    let request_id = call.entry.request_id.clone();
    let Some(tenants) = server.tenants.clone() else {
        let refusal = MasterReply::refusal(404, "no-tenant", "This host takes no connections.");
        return call.write_and_answer(reply(refusal)).await;
    };
    let (head, body) = request.into_parts();
    let arrived = match tenants.arriving().try_acquire() {
        Ok(_arriving) => {
            read_json(&head.headers, body, &server.settings).await.and_then(|body| read(&body).map_err(reply))
        }
        Err(_) => Err(Reply::too_many_calls()),
    };
    let admitted = arrived.and_then(|message| {
        let place = Arc::clone(&server.in_flight).try_acquire_owned().map_err(|_| Reply::too_many_calls())?;
        Ok((message, place))
    });
    let (message, place) = match admitted {
        Ok(admitted) => admitted,
        Err(reply) => return call.write_and_answer(reply).await,
    };
    // A task of its own: a master that goes away does not stop a message that is being taken.
    let finished = tokio::spawn(async move {
        let response = match tenants.receive(&mut call.entry, &message).await {
            Ok(taken) if taken.is_written => {
                if taken.changes_sites
                    && let Err(error) = server.directory.refresh().await
                {
                    tracing::warn!(%error, "the host notices a change later, because the store does not answer");
                }
                let reply = reply(taken);
                call.conclude(&reply);
                call.answer_written(reply)
            }
            Ok(taken) => call.write_and_answer(reply(taken)).await,
            Err(error) => {
                let request_id = &call.entry.request_id;
                tracing::error!(request_id, %error, "a master's message could not be taken");
                call.write_and_answer(Reply::unexpected(error.to_string())).await
            }
        };
        drop(place);
        response
    });
    finished.await.unwrap_or_else(|error| {
        tracing::error!(request_id, %error, "a master's message broke");
        Reply::unexpected("").into_response(&request_id)
    })
}

fn reply(taken: MasterReply) -> Reply {
    let MasterReply { status, body, accepted, reason, .. } = taken;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Reply { accepted, reason, ..Reply::body(status, body) }
}

//! Answers a call of a command.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use soar_store::model::Surface;

use super::admission::{AuthorizedCall, authenticate, authorize};
use super::{external_call, utility_call};
use crate::Server;
use crate::gate::{Call, Reply};
use soar_host::commands::Runner;

/// How a call ended, and whether its entry in the audit log is written.
#[derive(Debug)]
pub(super) enum CallEnd {
    /// It was written together with what the command changed.
    Written(Reply),
    /// It is still to be written.
    Unwritten(Reply),
}

/// Answers `POST …/api/Command/{CommandName}`, and whatever else comes to that address.
pub(crate) async fn call(State(host): State<Arc<Server>>, request: Request) -> Response {
    let command = request.uri().path().rsplit('/').next().unwrap_or_default();
    let mut call = Call::begin(&host, Surface::Command, &request, command);
    let authenticated = authenticate(&mut call, request).await;
    let authorized = match authenticated.and_then(|authenticated| authorize(&mut call, authenticated)) {
        Ok(authorized) => authorized,
        Err(reply) => return call.write_and_answer(reply).await,
    };
    let request_id = call.entry.request_id.clone();
    // A task of its own: a caller who goes away does not stop what was accepted.
    let finished = tokio::spawn(run(call, authorized)).await;
    finished.unwrap_or_else(|error| {
        tracing::error!(request_id, %error, "a call broke");
        Reply::unexpected("").into_response(&request_id)
    })
}

async fn run(mut call: Call, authorized: AuthorizedCall) -> Response {
    let finished = match &authorized.command.runner {
        Runner::Utility(command) => utility_call::run(&mut call, command.as_ref(), &authorized).await,
        Runner::Integration(_) | Runner::External(_) => external_call::run(&mut call, &authorized).await,
    };
    let response = match finished {
        CallEnd::Written(reply) => call.answer_written(reply),
        CallEnd::Unwritten(reply) => call.write_and_answer(reply).await,
    };
    drop(authorized.place);
    response
}

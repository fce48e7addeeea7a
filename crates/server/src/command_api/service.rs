//! Answers a call of a command.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use soar_store::model::Surface;

use super::admission::{Admitted, admit, hear};
use super::{outside_call, utility_call};
use crate::Server;
use crate::gate::{Call, Reply};
use soar_host::commands::Runner;

/// How a call ended, and whether its entry in the audit log is written.
#[derive(Debug)]
pub(super) enum Finished {
    /// It was written together with what the command changed.
    Written(Reply),
    /// It is still to be written.
    Unwritten(Reply),
}

/// Answers `POST …/api/Command/{CommandName}`, and whatever else comes to that address.
pub(crate) async fn call(State(host): State<Arc<Server>>, request: Request) -> Response {
    let command = request.uri().path().rsplit('/').next().unwrap_or_default();
    let mut call = Call::begin(&host, Surface::Command, &request, command);
    let asked = match hear(&mut call, request).await {
        Ok(asked) => asked,
        Err(reply) => return call.write_and_answer(reply).await,
    };
    let admitted = match admit(&mut call, asked) {
        Ok(admitted) => admitted,
        Err(reply) => return call.write_and_answer(reply).await,
    };
    let request_id = call.entry.request_id.clone();
    // A task of its own: a caller who goes away does not stop what was accepted.
    let finished = tokio::spawn(run(call, admitted)).await;
    finished.unwrap_or_else(|error| {
        tracing::error!(request_id, %error, "a call broke");
        Reply::unexpected("").into_response(&request_id)
    })
}

async fn run(mut call: Call, admitted: Admitted) -> Response {
    let finished = match &admitted.command.runner {
        Runner::Utility(command) => utility_call::run(&mut call, command.as_ref(), &admitted).await,
        Runner::Integration(_) | Runner::Outside(_) => outside_call::run(&mut call, &admitted).await,
    };
    let response = match finished {
        Finished::Written(reply) => call.answer_written(reply),
        Finished::Unwritten(reply) => call.write_and_answer(reply).await,
    };
    drop(admitted.place);
    response
}

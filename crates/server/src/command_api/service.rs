//! Answers calls of commands.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use soar_store::model::Surface;
use tokio::sync::oneshot;

use super::admission::{AuthorizedCall, authenticate, authorize};
use super::call_end::CallEnd;
use super::request::CallAction;
use super::{external_call, utility_call};
use crate::Server;
use crate::gate::{ApiCall, ApiReply};
use soar_host::commands::CommandRunner;

/// Answers `POST …/api/Command/{CommandName}`, and any other method at that address.
pub(crate) async fn call(State(host): State<Arc<Server>>, request: Request) -> Response {
    answer(&host, request, CallAction::Run).await
}

/// Answers `POST …/api/Command/{CommandName}/plan`.
pub(crate) async fn plan(State(host): State<Arc<Server>>, request: Request) -> Response {
    answer(&host, request, CallAction::Plan).await
}

/// Answers `POST …/api/Command/{CommandName}/apply`.
pub(crate) async fn apply(State(host): State<Arc<Server>>, request: Request) -> Response {
    answer(&host, request, CallAction::Apply(String::new())).await
}

async fn answer(host: &Arc<Server>, request: Request, wanted: CallAction) -> Response {
    let path = request.uri().path();
    let command = path.strip_suffix(wanted.suffix()).unwrap_or(path).rsplit('/').next().unwrap_or_default();
    let mut call = ApiCall::begin(host, Surface::Command, &request, command);
    let authenticated = authenticate(&mut call, request, wanted).await;
    let authorized = match authenticated.and_then(|authenticated| authorize(&mut call, authenticated)) {
        Ok(authorized) => authorized,
        Err(reply) => return call.write_and_answer(reply).await,
    };
    let request_id = call.entry.request_id.clone();
    // Dropped if the caller goes away.
    let (_waiting, gone) = oneshot::channel();
    // The call has a task of its own, so that an accepted change is finished even if the caller goes away.
    let finished = tokio::spawn(run(call, authorized, gone)).await;
    finished.unwrap_or_else(|error| {
        tracing::error!(request_id, %error, "the task of a call panicked");
        ApiReply::unexpected("").into_response(&request_id)
    })
}

async fn run(mut call: ApiCall, authorized: AuthorizedCall, gone: oneshot::Receiver<()>) -> Response {
    let finished = match &authorized.command.runner {
        CommandRunner::Utility(command) => utility_call::run(&call, command.as_ref(), &authorized, gone).await,
        CommandRunner::Integration(_) | CommandRunner::External(_) => external_call::run(&mut call, &authorized).await,
    };
    let response = match finished {
        CallEnd::Written(reply) => call.answer_written(reply),
        CallEnd::Unwritten(reply) => call.write_and_answer(reply).await,
    };
    drop(authorized.place);
    response
}

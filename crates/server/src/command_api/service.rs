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
use crate::gate::{ApiCall, ApiReply};
use crate::{Server, to_its_end};
use soar_host::commands::CommandRunner;
use soar_host::operations::{ExternalCall, UtilityCall};

/// Answers `POST …/api/Command/{CommandName}`, and any other method at that address.
pub(crate) fn call(State(host): State<Arc<Server>>, request: Request) -> impl Future<Output = Response> {
    answer(host, request, CallAction::Run)
}

/// Answers `POST …/api/Command/{CommandName}/plan`.
pub(crate) fn plan(State(host): State<Arc<Server>>, request: Request) -> impl Future<Output = Response> {
    answer(host, request, CallAction::Plan)
}

/// Answers `POST …/api/Command/{CommandName}/apply`.
pub(crate) fn apply(State(host): State<Arc<Server>>, request: Request) -> impl Future<Output = Response> {
    answer(host, request, CallAction::Apply(String::new()))
}

async fn answer(host: Arc<Server>, request: Request, wanted: CallAction) -> Response {
    let path = request.uri().path();
    let command = path.strip_suffix(wanted.suffix()).unwrap_or(path).rsplit('/').next().unwrap_or_default();
    let mut call = ApiCall::begin(&host, Surface::Command, &request, command);
    let authenticated = authenticate(&mut call, request, wanted).await;
    let authorized = match authenticated.and_then(|authenticated| authorize(&mut call, authenticated)) {
        Ok(authorized) => authorized,
        Err(reply) => return call.write_and_answer(reply).await,
    };
    let request_id = call.entry.request_id.clone();
    // Dropped if the caller goes away.
    let (_waiting, gone) = oneshot::channel();
    // An accepted change is finished even if the caller goes away.
    let finished = to_its_end(&request_id, run(call, authorized, gone)).await;
    finished.unwrap_or_else(|_| ApiReply::unexpected("").into_response(&request_id))
}

async fn run(mut call: ApiCall, authorized: AuthorizedCall, gone: oneshot::Receiver<()>) -> Response {
    let AuthorizedCall { command, wanted, context, caller, raw, parameters, place } = authorized;
    let finished = match &command.runner {
        CommandRunner::Utility(utility) => {
            let reads_only = command.reads_only();
            let utility = UtilityCall { command: utility.as_ref(), reads_only, caller, parameters };
            utility_call::run(&call, &wanted, &context, &utility, gone).await
        }
        CommandRunner::Integration(_) | CommandRunner::External(_) => {
            let external = ExternalCall { command: &command, caller: &caller, raw: &raw, parameters: &parameters };
            external_call::run(&mut call, &context, &external).await
        }
    };
    let response = match finished {
        CallEnd::Written(reply) => call.answer_written(reply),
        CallEnd::Unwritten(reply) => call.write_and_answer(reply).await,
    };
    drop(place);
    response
}

//! Runs an external command, which calls a vendor or another instance.

use std::sync::Arc;

use super::admission::AuthorizedCall;
use super::call_end::CallEnd;
use super::request::bad_parameters;
use crate::gate::{ApiCall, ApiReply};
use soar_host::Refusal;
use soar_host::operations::{EffectWithoutAnswer, ExternalCall, ExternalError, OperationError, RequestContext};

pub(super) async fn run(call: &mut ApiCall, context: &RequestContext, external: &ExternalCall<'_>) -> CallEnd {
    let host = Arc::clone(&call.host);
    match host.operations.run_external(context, external).await {
        Ok(end) => {
            call.is_done = end.ended.is_ok() && !external.command.reads_only();
            CallEnd::of(call, end)
        }
        Err(failure) => {
            call.is_done = failure.effect != EffectWithoutAnswer::None;
            CallEnd::Unwritten(failed(call, &failure))
        }
    }
}

/// Runs the command for another surface. Returns the reply, and whether its audit entry is written.
pub(crate) async fn run_external(call: &mut ApiCall, authorized: &AuthorizedCall) -> (ApiReply, bool) {
    let AuthorizedCall { command, context, caller, raw, parameters, .. } = authorized;
    match run(call, context, &ExternalCall { command, caller, raw, parameters }).await {
        CallEnd::Written(reply) => (reply, true),
        CallEnd::Unwritten(reply) => (reply, false),
    }
}

fn failed(call: &ApiCall, failure: &ExternalError) -> ApiReply {
    if let OperationError::Refusal(Refusal::Parameters(problems)) = &failure.error {
        return bad_parameters(problems);
    }
    let reply = ApiReply::failed(&call.host.store, &call.entry, &failure.error);
    match (failure.effect, &failure.error) {
        (EffectWithoutAnswer::None, _) | (_, OperationError::Refusal(Refusal::Panicked)) => reply,
        (EffectWithoutAnswer::Unknown, _) => ApiReply::maybe_done(reply.reason),
        (EffectWithoutAnswer::Done, _) => ApiReply::done(reply.reason),
    }
}

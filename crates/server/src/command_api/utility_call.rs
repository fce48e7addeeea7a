//! Runs, plans or applies a utility command.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::oneshot;

use super::call_end::CallEnd;
use super::request::CallAction;
use crate::gate::{ApiCall, ApiReply, bounded_json};
use soar_host::operations::{OperationError, RequestContext, UtilityCall};

/// Runs, plans or applies the command. A command that only reads, and a plan, stop when `gone` resolves because the
/// caller goes away.
pub(super) async fn run(
    call: &ApiCall,
    wanted: &CallAction,
    context: &RequestContext,
    utility: &UtilityCall<'_>,
    gone: oneshot::Receiver<()>,
) -> CallEnd {
    let only_reads = utility.reads_only || *wanted == CallAction::Plan;
    if !only_reads {
        return carry_out(call, wanted, context, utility).await;
    }
    tokio::select! {
        end = carry_out(call, wanted, context, utility) => end,
        _ = gone => CallEnd::Unwritten(ApiReply::caller_gone()),
    }
}

async fn carry_out(
    call: &ApiCall,
    wanted: &CallAction,
    context: &RequestContext,
    utility: &UtilityCall<'_>,
) -> CallEnd {
    let host = Arc::clone(&call.host);
    let ran = match wanted {
        CallAction::Run => host.operations.run_utility(context, utility).await,
        CallAction::Apply(fingerprint) => host.operations.apply_utility(context, utility, fingerprint).await,
        CallAction::Plan => {
            let planned = host.operations.plan_utility(context, utility).await;
            let room = host.store.answer_room();
            return CallEnd::Unwritten(match planned.map(|plan| bounded_json(&plan, room)) {
                Ok(Ok(plan)) => ApiReply::body(StatusCode::OK, plan),
                Ok(Err(error)) => ApiReply::store_failed(&host.store, &call.entry, &error),
                Err(OperationError::Refusal(refusal)) if !refusal.is_failure() => {
                    ApiReply::refused(refusal.to_string())
                }
                Err(error) => failed(call, &error),
            });
        }
    };
    match ran {
        Ok(end) => CallEnd::of(call, end),
        Err(error) => CallEnd::Unwritten(failed(call, &error)),
    }
}

fn failed(call: &ApiCall, error: &OperationError) -> ApiReply {
    ApiReply::failed(&call.host.store, &call.entry, error)
}

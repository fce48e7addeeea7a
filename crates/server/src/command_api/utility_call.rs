//! Runs, plans or applies a utility command.

use std::sync::Arc;

use axum::http::StatusCode;

use super::admission::AuthorizedCall;
use super::call_end::CallEnd;
use super::request::Wanted;
use crate::gate::{Call, Reply};
use soar_host::operations::{OperationError, UtilityCall};
use soar_host::utility::UtilityCommand;

pub(super) async fn run(call: &Call, command: &dyn UtilityCommand, authorized: &AuthorizedCall) -> CallEnd {
    let AuthorizedCall { context, caller, parameters, wanted, .. } = authorized;
    let host = Arc::clone(&call.host);
    let utility = UtilityCall {
        command,
        reads_only: authorized.command.reads_only(),
        caller: caller.clone(),
        parameters: parameters.clone(),
    };
    let ran = match wanted {
        Wanted::Run => host.operations.run_utility(context, &utility).await,
        Wanted::Apply(fingerprint) => host.operations.apply_utility(context, &utility, fingerprint).await,
        Wanted::Plan => {
            let planned = host.operations.plan_utility(context, &utility).await;
            return CallEnd::Unwritten(match planned.map(|plan| serde_json::to_vec(&plan)) {
                Ok(Ok(plan)) => Reply::body(StatusCode::OK, plan),
                Ok(Err(error)) => Reply::unexpected(error.to_string()),
                Err(OperationError::Refusal(refusal)) if !refusal.is_failure() => Reply::refused(refusal.to_string()),
                Err(error) => failed(call, &error),
            });
        }
    };
    match ran {
        Ok(end) => end.into(),
        Err(error) => CallEnd::Unwritten(failed(call, &error)),
    }
}

fn failed(call: &Call, error: &OperationError) -> Reply {
    Reply::failed(&call.host.store, &call.entry, error)
}

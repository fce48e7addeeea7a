//! The run history, and the rights to see and cancel runs.

use soar_connector::name::quoted;
use soar_store::model::{Caller, Right, Run, RunId};
use soar_store::{Records, RunFilter, StoreError};

use crate::Refusal;

/// The runs on the caller's site, newest first, without their outcomes. A caller that does not manage the site's
/// connections sees its own runs, and runs on connections that it may use.
///
/// # Errors
/// [`Refusal`] when the right is missing.
pub async fn runs(records: &mut Records<'_>, caller: &Caller, filter: &RunFilter) -> Result<Vec<Run>, Refusal> {
    if !caller.may(Right::SeeRuns, caller.site.id) {
        return Err(Refusal::Unable(format!(
            "This needs the right to {} on {}. Ask an administrator for it.",
            Right::SeeRuns,
            quoted(&caller.site.name)
        )));
    }
    let all = caller.may(Right::ManageConnections, caller.site.id);
    Ok(records.runs(Some(caller.site.id), caller.user.id, all, filter).await?)
}

/// Requests the cancellation of a run. A caller may cancel its own runs, and all runs on sites whose connections it
/// manages. A run of another process ends at that process's next heartbeat. For a run of this process, call
/// [`Executor::cancel_here`](super::Executor::cancel_here) after the commit. Returns whether the run was under way.
///
/// # Errors
/// [`Refusal`] when the caller may see no such run, or the right is missing.
pub async fn cancel_run(records: &mut Records<'_>, caller: &Caller, id: RunId) -> Result<bool, Refusal> {
    let run = see_run(records, caller, id).await?;
    if run.user_id != caller.user.id && !caller.may(Right::ManageConnections, run.site_id) {
        return Err(Refusal::Unable(format!(
            "Cancelling another user's run needs the right to {} on its site. Ask an administrator for it.",
            Right::ManageConnections
        )));
    }
    Ok(records.ask_to_cancel(id).await?)
}

/// A run with the stored part of its outcome.
///
/// # Errors
/// [`Refusal`] when the caller may see no such run.
pub async fn see_run(records: &mut Records<'_>, caller: &Caller, id: RunId) -> Result<Run, Refusal> {
    let run = records.run(id).await?;
    let is_shown = caller.may(Right::SeeRuns, run.site_id)
        && (run.user_id == caller.user.id
            || caller.may(Right::ManageConnections, run.site_id)
            || match records.connection(run.connection_id).await {
                Ok(connection) => connection.is_for(caller),
                Err(StoreError::NotFound { .. }) => false,
                Err(error) => return Err(error.into()),
            });
    if is_shown { Ok(run) } else { Err(StoreError::not_found("run", id.to_string()).into()) }
}

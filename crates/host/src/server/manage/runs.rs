//! Runs of integration commands.

use serde::Serialize;
use serde_json::json;
use soar_store::RunFilter;
use soar_store::model::{Run, RunStatus};
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, LIMIT, Managed, NUMBER, Operation, Query, Run as Work, TEXT, described};

/// Runs, the newest first, without their outcomes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RunPage {
    runs: Vec<Run>,
    /// What to send as before for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// What became of asking a run to end.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RunCancelled {
    /// Whether it was under way; if not, nothing was changed.
    was_running: bool,
}

/// What errors call a run.
const WHAT: &str = "run";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/runs",
            id: "listRuns",
            summary: "Who ran which integration command and what became of it, the newest first",
            query: &[
                Query { name: "before", about: "Only runs before the one of this number.", schema: NUMBER },
                Query { name: "site", about: "Only on this site.", schema: TEXT },
                Query { name: "connection", about: "Only on the connection of this number.", schema: NUMBER },
                Query { name: "command", about: "Only of this command, such as List Devices.", schema: TEXT },
                Query { name: "user", about: "Only in this user's name.", schema: TEXT },
                Query {
                    name: "status",
                    about: "Only those that have come so far.",
                    schema: || json!({ "enum": RunStatus::ALL }),
                },
                LIMIT,
            ],
            body: None,
            status: 200,
            answer: described::<RunPage>,
            run: Work::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "get",
            path: "/runs/{id}",
            id: "getRun",
            summary: "One run, with what is kept of its outcome",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Run>,
            run: Work::Inside(|mut managed| {
                Box::pin(async move {
                    let id = managed.numbered("id", WHAT)?;
                    Done::new(managed.records.run(id).await?, "")
                })
            }),
        },
        Operation {
            method: "post",
            path: "/runs/{id}/cancel",
            id: "cancelRun",
            summary: "Ask a run to end; one of another host on the same store ends with that one's next sign of life",
            query: &[],
            body: None,
            status: 200,
            answer: described::<RunCancelled>,
            run: Work::Inside(|managed| Box::pin(cancel(managed))),
        },
    ]
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let limit = managed.limit()?;
    let filter = RunFilter {
        connection: managed.number("connection")?,
        command: managed.query("command").map(str::to_owned),
        user: managed.query("user").map(str::to_owned),
        status: managed.choice("status")?,
        before: managed.number("before")?,
        limit: Some(limit),
    };
    // Of these numbers the store takes 0 for any.
    let is_nothing = filter.connection.is_some_and(|id| id < 1) || filter.before.is_some_and(|id| id < 1);
    let site = match managed.query("site").map(str::to_owned) {
        None => None,
        Some(name) => Some(managed.records.site(&name).await?.id),
    };
    let user = managed.administrator.id;
    let runs = if is_nothing { Vec::new() } else { managed.records.runs(site, user, true, &filter).await? };
    let is_full = i64::try_from(runs.len()).is_ok_and(|found| found == limit);
    let next = runs.last().filter(|_| is_full).map(|run| run.id);
    Done::new(RunPage { runs, next }, "")
}

async fn cancel(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let executor = managed.executor()?.clone();
    let caller = managed.any_caller().await?;
    let was_running = executor.cancel_in(&mut managed.records, &caller, id).await?;
    let mut done = Done::new(RunCancelled { was_running }, id.to_string())?;
    // When the store knows of it: whoever ends the run must not find it as it was.
    done.afterwards = Some(Box::new(move |_| {
        executor.cancel_here(id);
    }));
    Ok(done)
}

//! Schedules of commands.

use serde::Serialize;
use soar_store::model::{Caller, ScheduleRun};
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, LIMIT, Managed, NUMBER, Operation, Query, Run, TEXT, described, described_list};
use crate::scheduler::{ScheduleChange, ScheduleDraft, ScheduleShown, Schedules};

/// Runs of a schedule, the latest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScheduleLog {
    runs: Vec<ScheduleRun>,
    /// What to send as before for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// What errors call a schedule.
const WHAT: &str = "schedule";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/schedules",
            id: "listSchedules",
            summary: "All schedules of commands, by name, and how they fare",
            query: &[Query { name: "site", about: "Only on this site.", schema: TEXT }],
            body: None,
            status: 200,
            answer: described_list::<ScheduleShown>,
            run: Run::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "post",
            path: "/schedules",
            id: "makeSchedule",
            summary: "Make a schedule that runs a command of a connection in the caller's name",
            query: &[],
            body: Some(described::<ScheduleDraft>),
            status: 201,
            answer: described::<ScheduleShown>,
            run: Run::Inside(|managed| Box::pin(make(managed))),
        },
        Operation {
            method: "get",
            path: "/schedules/{id}",
            id: "getSchedule",
            summary: "One schedule",
            query: &[],
            body: None,
            status: 200,
            answer: described::<ScheduleShown>,
            run: Run::Inside(|managed| Box::pin(get(managed))),
        },
        Operation {
            method: "patch",
            path: "/schedules/{id}",
            id: "changeSchedule",
            summary: "Change a schedule; what is not given stays",
            query: &[],
            body: Some(described::<ScheduleChange>),
            status: 200,
            answer: described::<ScheduleShown>,
            run: Run::Inside(|managed| Box::pin(change(managed))),
        },
        Operation {
            method: "delete",
            path: "/schedules/{id}",
            id: "deleteSchedule",
            summary: "Delete a schedule; answered as it was, and its log stays until it is too old",
            query: &[],
            body: None,
            status: 200,
            answer: described::<ScheduleShown>,
            run: Run::Inside(|managed| Box::pin(delete(managed))),
        },
        Operation {
            method: "post",
            path: "/schedules/{id}/run",
            id: "runSchedule",
            summary: "Have a schedule run as soon as a host can, beside its due times",
            query: &[],
            body: None,
            status: 200,
            answer: described::<ScheduleShown>,
            run: Run::Inside(|managed| Box::pin(run_soon(managed))),
        },
        Operation {
            method: "get",
            path: "/schedules/{id}/runs",
            id: "listScheduleRuns",
            summary: "The log of a schedule: input, output and error of its runs, the latest first",
            query: &[
                Query { name: "before", about: "Only runs before the one of this number.", schema: NUMBER },
                LIMIT,
            ],
            body: None,
            status: 200,
            answer: described::<ScheduleLog>,
            run: Run::Inside(|managed| Box::pin(log(managed))),
        },
    ]
}

/// What does it, and the administrator as its caller.
async fn ready(managed: &mut Managed<'_>) -> Result<(Schedules, Caller), ManageError> {
    let schedules = Schedules::new(managed.executor()?.connections().clone());
    Ok((schedules, managed.any_caller().await?))
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let site = match managed.query("site").map(str::to_owned) {
        None => None,
        Some(name) => Some(managed.records.site(&name).await?.id),
    };
    let (schedules, caller) = ready(&mut managed).await?;
    Done::new(schedules.list(&mut managed.records, &caller, site).await?, "")
}

async fn make(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let draft: ScheduleDraft = managed.body()?;
    let (schedules, caller) = ready(&mut managed).await?;
    done(&schedules.create_in(&mut managed.records, &caller, draft).await?)
}

async fn get(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let (schedules, caller) = ready(&mut managed).await?;
    Done::new(schedules.see(&mut managed.records, &caller, id).await?, "")
}

async fn change(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let change: ScheduleChange = managed.body()?;
    let (schedules, caller) = ready(&mut managed).await?;
    done(&schedules.update_in(&mut managed.records, &caller, id, change).await?)
}

async fn delete(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let (schedules, caller) = ready(&mut managed).await?;
    done(&schedules.delete_in(&mut managed.records, &caller, id).await?)
}

async fn run_soon(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let (schedules, caller) = ready(&mut managed).await?;
    done(&schedules.run_soon_in(&mut managed.records, &caller, id).await?)
}

async fn log(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let (before, limit) = (managed.number("before")?, managed.limit()?);
    let (schedules, caller) = ready(&mut managed).await?;
    let runs = schedules.log(&mut managed.records, &caller, id, before, limit).await?;
    let is_full = i64::try_from(runs.len()).is_ok_and(|found| found == limit);
    let next = runs.last().filter(|_| is_full).map(|run| run.id);
    Done::new(ScheduleLog { runs, next }, "")
}

fn done(schedule: &ScheduleShown) -> Result<Done, ManageError> {
    Ok(Done::new(schedule, schedule.name.clone())?.on(&schedule.site))
}

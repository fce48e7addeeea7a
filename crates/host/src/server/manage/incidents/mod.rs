//! Incidents: found, seen, made and changed. Many at once are the Command API's.

mod change;
mod list;
mod make;

use serde_json::json;
use soar_connector::{Parameters, RawParameters};
use soar_store::model::{Caller, Moment, Severity, Status};

use super::ManageError;
use super::operation::{Done, LIMIT, Managed, NUMBER, Operation, Query, Run, TEXT, described};
use crate::utility::{self, Answer};
use crate::views::WholeIncident;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/incidents",
            id: "listIncidents",
            summary: "Incidents by what they hold, the oldest first",
            query: &[
                Query { name: "site", about: "Only on this site.", schema: TEXT },
                Query { name: "status", about: "Only those.", schema: || json!({ "enum": Status::ALL }) },
                Query { name: "severity", about: "Only so bad.", schema: || json!({ "enum": Severity::ALL }) },
                Query { name: "owner", about: "Only with this owner.", schema: TEXT },
                Query { name: "title", about: "Only with this text in the title, in any case.", schema: list::TITLE },
                Query { name: "since", about: "Only made since then, in milliseconds since 1970.", schema: NUMBER },
                Query { name: "until", about: "Only made before then, in milliseconds since 1970.", schema: NUMBER },
                Query { name: "offset", about: "How many to leave out; 0 unless given.", schema: list::OFFSET },
                LIMIT,
            ],
            body: None,
            status: 200,
            answer: described::<list::IncidentPage>,
            run: Run::Inside(|managed| Box::pin(list::list(managed))),
        },
        Operation {
            method: "post",
            path: "/incidents",
            id: "makeIncident",
            summary: "Make an incident, as the command CreateAnIncident does",
            query: &[],
            body: Some(described::<make::IncidentToMake>),
            status: 201,
            answer: described::<WholeIncident>,
            run: Run::Inside(|managed| Box::pin(make::make(managed))),
        },
        Operation {
            method: "get",
            path: "/incidents/{number}",
            id: "getIncident",
            summary: "One incident, with its tasks, fields and links",
            query: &[],
            body: None,
            status: 200,
            answer: described::<WholeIncident>,
            run: Run::Inside(|mut managed| {
                Box::pin(async move {
                    let number = managed.part("number").to_owned();
                    Done::new(WholeIncident::read(&mut managed.records, &number, |_| true).await?, "")
                })
            }),
        },
        Operation {
            method: "patch",
            path: "/incidents/{number}",
            id: "changeIncident",
            summary: "Change an incident, as the command SetIncidentField does; all of it or nothing",
            query: &[],
            body: Some(described::<change::IncidentToChange>),
            status: 200,
            answer: described::<WholeIncident>,
            run: Run::Inside(|managed| Box::pin(change::change(managed))),
        },
        Operation {
            method: "put",
            path: "/incidents/{number}/tasks/{name}",
            id: "changeTask",
            summary: "Mark a task of an incident as done or pending",
            query: &[],
            body: Some(described::<change::TaskToChange>),
            status: 200,
            answer: described::<WholeIncident>,
            run: Run::Inside(|managed| Box::pin(change::mark_task(managed))),
        },
    ]
}

/// What the host's own command answers in this transaction; where it refuses, the transaction must not be committed.
async fn call(
    managed: &mut Managed<'_>,
    endpoint: &str,
    caller: &Caller,
    raw: &RawParameters,
) -> Result<Answer, ManageError> {
    let missing = || ManageError::Refused(format!("This host lacks the command {endpoint}."));
    let (command, manifest) = utility::command(endpoint).ok_or_else(missing)?;
    let parameters = Parameters::parse(manifest, raw).map_err(|problems| {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        ManageError::Refused(problems.join(" "))
    })?;
    Ok(command.run(&mut managed.records, caller, &parameters, managed.now).await?)
}

/// The incident as it is now.
async fn shown(managed: &mut Managed<'_>, number: &str, about: String) -> Result<Done, ManageError> {
    let whole = WholeIncident::read(&mut managed.records, number, |_| true).await?;
    let site = whole.incident.site.clone();
    Ok(Done::new(whole, about)?.on(&site))
}

/// A time as the host's commands take it: in whole seconds of UTC.
fn date(name: &str, at: Moment) -> Result<String, ManageError> {
    let time = jiff::Timestamp::from_millisecond(at.0).ok();
    let time = time.map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
    time.ok_or_else(|| ManageError::Refused(format!("{name}: expected a time in milliseconds since 1970.")))
}

//! How connections fare.

use serde_json::json;
use soar_store::WaitingMessage;
use soar_store::model::HealthState;

use super::ManageError;
use super::operation::{Done, LIMIT, Managed, NUMBER, Operation, Query, Run, TEXT, described, described_list};
use crate::health::{ConnectionHistory, HealthFilter, HealthTable};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/health",
            id: "listHealth",
            summary: "How connections fare by their health checks, the worst first",
            query: &[
                Query { name: "site", about: "Only those of this site.", schema: TEXT },
                Query {
                    name: "state",
                    about: "Only those in this state.",
                    schema: || json!({ "enum": HealthState::ALL }),
                },
                LIMIT,
            ],
            body: None,
            status: 200,
            answer: described::<HealthTable>,
            run: Run::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "get",
            path: "/connections/{id}/health",
            id: "getConnectionHealth",
            summary: "The history of a connection's health checks, the latest first",
            query: &[
                Query {
                    name: "before",
                    about: "Only checks due before this, in milliseconds since 1970.",
                    schema: NUMBER,
                },
                LIMIT,
            ],
            body: None,
            status: 200,
            answer: described::<ConnectionHistory>,
            run: Run::Inside(|managed| Box::pin(history(managed))),
        },
        Operation {
            method: "get",
            path: "/alerts/waiting",
            id: "listWaitingAlerts",
            summary: "Alerts that were not delivered yet, the oldest first, and why",
            query: &[LIMIT],
            body: None,
            status: 200,
            answer: described_list::<WaitingMessage>,
            run: Run::Inside(|mut managed| {
                Box::pin(async move {
                    let limit = managed.limit()?;
                    Done::new(managed.records.waiting_messages(limit).await?, "")
                })
            }),
        },
    ]
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let site = match managed.query("site").map(str::to_owned) {
        None => None,
        Some(name) => Some(managed.records.site(&name).await?.id),
    };
    let filter = HealthFilter { site, state: managed.choice("state")?, limit: Some(managed.limit()?) };
    let connections = managed.executor()?.connections().clone();
    let caller = managed.any_caller().await?;
    Done::new(connections.health_in(&mut managed.records, &caller, &filter).await?, "")
}

async fn history(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", "connection")?;
    let (before, limit) = (managed.moment("before")?, managed.limit()?);
    let connections = managed.executor()?.connections().clone();
    let caller = managed.any_caller().await?;
    Done::new(connections.health_history_in(&mut managed.records, &caller, id, before, limit).await?, "")
}

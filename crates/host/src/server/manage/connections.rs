//! Connections. Their secrets go in and never come out.

use serde::Serialize;
use soar_store::Wanted;
use soar_store::model::{Connection, Place, Site, SiteKind};
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, Managed, Operation, Outside, Query, Run, TEXT, described, described_list};
use crate::connections::{ConnectionChange, ConnectionDraft};

/// What testing a connection came to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConnectionTested {
    /// Whether the connection works.
    passed: bool,
    /// Passed, or the Error tab.
    text: String,
    /// The number of the test's run, which tells more.
    run: i64,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/connections",
            id: "listConnections",
            summary: "All connections, by integration and name, without their secrets",
            query: &[Query {
                name: "site",
                about: "Only those at hand on this site, shared ones included.",
                schema: TEXT,
            }],
            body: None,
            status: 200,
            answer: described_list::<Connection>,
            run: Run::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "post",
            path: "/connections",
            id: "makeConnection",
            summary: "Make a connection; GET /integrations says which parameters it takes",
            query: &[],
            body: Some(described::<ConnectionDraft>),
            status: 201,
            answer: described::<Connection>,
            run: Run::Inside(|managed| Box::pin(make(managed))),
        },
        Operation {
            method: "get",
            path: "/connections/{id}",
            id: "getConnection",
            summary: "One connection, without its secrets",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Connection>,
            run: Run::Inside(|mut managed| {
                Box::pin(async move {
                    let id = managed.numbered("id", WHAT)?;
                    Done::new(managed.records.connection(id).await?, "")
                })
            }),
        },
        Operation {
            method: "patch",
            path: "/connections/{id}",
            id: "changeConnection",
            summary: "Change a connection; what is not given stays, secrets too",
            query: &[],
            body: Some(described::<ConnectionChange>),
            status: 200,
            answer: described::<Connection>,
            run: Run::Inside(|managed| Box::pin(change(managed))),
        },
        Operation {
            method: "delete",
            path: "/connections/{id}",
            id: "deleteConnection",
            summary: "Delete a connection and its secrets; answered as it was, and the history of its runs stays",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Connection>,
            run: Run::Inside(|managed| Box::pin(delete(managed))),
        },
        Operation {
            method: "post",
            path: "/connections/{id}/test",
            id: "testConnection",
            summary: "Test a connection by the integration's health check; a run of it is kept",
            query: &[],
            body: None,
            status: 200,
            answer: described::<ConnectionTested>,
            run: Run::Outside(|managed| Box::pin(test(managed))),
        },
    ]
}

/// What errors call a connection.
const WHAT: &str = "connection";

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let wanted = match managed.query("site").map(str::to_owned) {
        None => Wanted::All,
        Some(name) => {
            let site = managed.records.site(&name).await?;
            Wanted::On { site: site.id, is_internal: site.kind == SiteKind::Internal }
        }
    };
    Done::new(managed.records.connections(wanted).await?, "")
}

async fn make(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let draft: ConnectionDraft = managed.body()?;
    let connections = managed.executor()?.connections().clone();
    let caller = managed.any_caller().await?;
    done(&connections.create_in(&mut managed.records, &caller, draft).await?)
}

async fn change(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let change: ConnectionChange = managed.body()?;
    let connections = managed.executor()?.connections().clone();
    let caller = managed.any_caller().await?;
    done(&connections.update_in(&mut managed.records, &caller, id, change).await?)
}

async fn delete(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let connections = managed.executor()?.connections().clone();
    let caller = managed.any_caller().await?;
    done(&connections.delete_in(&mut managed.records, &caller, id).await?)
}

fn done(connection: &Connection) -> Result<Done, ManageError> {
    Ok(Done::new(connection, connection.name.clone())?.on(connection.place.name()))
}

async fn test(managed: Outside<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let executor = managed.executor()?;
    let (connection, site) = {
        let mut reader = managed.host.store.reader().await?;
        let connection = reader.records().connection(id).await?;
        let site = place_of_test(&connection, reader.records().sites().await?);
        (connection, site.ok_or_else(|| ManageError::Refused("There is no internal site to test it from.".to_owned()))?)
    };
    let tested = executor.test(&managed.caller(site.clone()), id).await?;
    let shown = ConnectionTested { passed: tested.passed, text: tested.text, run: tested.finished.run };
    let about = format!("{}: {}", connection.name, if shown.passed { "Passed" } else { "Failed" });
    Ok(Done::new(shown, about)?.on(&site.name))
}

/// The connection's site; of one that is shared, the site that its events go to, or the first one it works on.
fn place_of_test(connection: &Connection, sites: Vec<Site>) -> Option<Site> {
    let meant = match &connection.place {
        Place::Site(site) => Some(site.id),
        Place::SharedToInternalSites { recipient } => recipient.as_ref().map(|site| site.id),
    };
    let is_meant = |site: &Site| meant.map_or(site.kind == SiteKind::Internal, |id| site.id == id);
    sites.into_iter().find(is_meant)
}

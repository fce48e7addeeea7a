//! Cases. They are made by the command LinkIncidentsToNewCase, and by imports.

use serde::Serialize;
use serde_json::json;
use soar_store::model::Status;
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, LIMIT, Managed, NUMBER, Operation, Query, Run, TEXT, described};
use crate::views::{CaseShown, WholeCase};

/// Cases, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CasePage {
    cases: Vec<CaseShown>,
    /// What to send as after for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/cases",
            id: "listCases",
            summary: "Cases, in the order in which they were stored",
            query: &[
                Query {
                    name: "after",
                    about: "Only cases after this, which is next on the page before.",
                    schema: NUMBER,
                },
                Query { name: "site", about: "Only on this site.", schema: TEXT },
                Query { name: "status", about: "Only those.", schema: || json!({ "enum": Status::ALL }) },
                LIMIT,
            ],
            body: None,
            status: 200,
            answer: described::<CasePage>,
            run: Run::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "get",
            path: "/cases/{number}",
            id: "getCase",
            summary: "One case, with the incidents that are linked to it",
            query: &[],
            body: None,
            status: 200,
            answer: described::<WholeCase>,
            run: Run::Inside(|mut managed| {
                Box::pin(async move {
                    let number = managed.part("number").to_owned();
                    Done::new(WholeCase::read(&mut managed.records, &number, |_| true).await?, "")
                })
            }),
        },
    ]
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let (after, limit, status) = (managed.number("after")?.unwrap_or(0), managed.limit()?, managed.choice("status")?);
    let sites = managed.sites().await?;
    let ids: Vec<i64> = sites.keys().copied().collect();
    let cases = managed.records.cases_after(&ids, status, after, limit).await?;
    let is_full = i64::try_from(cases.len()).is_ok_and(|found| found == limit);
    let next = cases.last().filter(|_| is_full).map(|case| case.id);
    let name = |id: i64| sites.get(&id).map(String::as_str).unwrap_or_default();
    let cases = cases.into_iter().map(|case| {
        let site = name(case.site_id);
        CaseShown::of(case, site)
    });
    Done::new(CasePage { cases: cases.collect(), next }, "")
}

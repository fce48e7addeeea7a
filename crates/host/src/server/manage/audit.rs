//! The audit log, a page at a time.

use serde::Serialize;
use serde_json::json;
use soar_store::AuditFilter;
use soar_store::model::AuditEntry;
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, LIMIT, Managed, NUMBER, Operation, Query, Run, TEXT, described};

/// Entries of the audit log, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AuditPage {
    entries: Vec<NumberedEntry>,
    /// What to send as before for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// An entry and its number.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NumberedEntry {
    id: i64,
    #[serde(flatten)]
    entry: AuditEntry,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![Operation {
        method: "get",
        path: "/audit",
        id: "listAudit",
        summary: "Who called what and what became of it, the newest first",
        query: &[
            Query { name: "before", about: "Only entries before this number.", schema: NUMBER },
            Query { name: "since", about: "Only since then, in milliseconds since 1970.", schema: NUMBER },
            Query { name: "until", about: "Only until before then, in milliseconds since 1970.", schema: NUMBER },
            Query { name: "username", about: "Only calls of this user.", schema: TEXT },
            Query { name: "key", about: "Only calls with this key.", schema: TEXT },
            Query { name: "site", about: "Only on this site.", schema: TEXT },
            Query { name: "command", about: "Only of this command.", schema: TEXT },
            Query { name: "requestId", about: "Only the call of this request id.", schema: TEXT },
            Query {
                name: "accepted",
                about: "Only accepted ones (true), or only refused ones (false).",
                schema: || json!({ "type": "boolean" }),
            },
            LIMIT,
        ],
        body: None,
        status: 200,
        answer: described::<AuditPage>,
        run: Run::Inside(|managed| Box::pin(list(managed))),
    }]
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let (filter, limit, most) = wanted(&managed)?;
    let entries = managed.records.audit(&filter, most).await?;
    let next = if i64::try_from(entries.len()).is_ok_and(|found| found == limit) {
        entries.last().map(|(id, _)| *id)
    } else {
        None
    };
    let entries = entries.into_iter().map(|(id, entry)| NumberedEntry { id, entry }).collect();
    Done::new(AuditPage { entries, next }, "")
}

fn wanted(managed: &Managed<'_>) -> Result<(AuditFilter, i64, u32), ManageError> {
    let text = |name: &str| managed.query(name).map(str::to_owned);
    let limit = managed.limit()?;
    let most = u32::try_from(limit).unwrap_or_default();
    let accepted = match managed.query("accepted") {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(ManageError::Malformed("accepted: expected true or false.".to_owned())),
    };
    let filter = AuditFilter {
        before: managed.number("before")?,
        since: managed.moment("since")?,
        until: managed.moment("until")?,
        username: text("username"),
        key: text("key"),
        site: text("site"),
        command: text("command"),
        request_id: text("requestId"),
        accepted,
    };
    Ok((filter, limit, most))
}

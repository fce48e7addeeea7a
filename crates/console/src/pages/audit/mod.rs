//! `GET /audit`: the audit log, the latest entries first.

use axum::Router;
use soar_host::operations::AuditPage;
use soar_host::utility::parse_date_time;
use soar_store::AuditFilter;
use soar_store::model::{AuditEntryId, Moment};

use crate::export;
use crate::parts::{Badge, Cell, Column, ContentPage, Empty, Field, Filter, Meaning, Row, Table, When, counted};
use crate::routing::get;
use crate::visit::{Form, ListState, Order, Page, PageError, PageResult};

/// The number of entries on a page.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router {
    Router::new().route("/audit", get(show)).route("/audit.csv", get(download))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let before = list.read::<i64>("from")?.map(AuditEntryId);
    let purpose = "The audit log shows who did what, from where, and what the host refused.";
    let content = ContentPage::new(page.main_frame("Audit log", purpose));
    let mut form = Form::empty();
    for name in ["since", "until"] {
        if let Err(problem) = time(&page, &list, name) {
            form.wrong(name, format!("It is not valid: {problem}."));
        }
    }
    if form.is_wrong() {
        page.context()?.must_administer()?;
        return page.show_again(&content.with(filter(&page, &list, &form)));
    }
    let found = read(&page, &list, before, ROWS).await?;
    page.show(&content.with(filter(&page, &list, &form)).with(entries(&page, &list, &found)))
}

async fn download(page: Page, list: ListState) -> PageResult {
    export::csv(page, "audit", move |page, position| {
        let list = list.clone();
        async move {
            let before = position.and_then(|position| position.parse().ok()).map(AuditEntryId);
            let found = read(&page, &list, before, export::ROWS).await?;
            let next = found.next.map(|next| next.to_string());
            Ok((entries(&page, &list, &found), next))
        }
    })
    .await
}

async fn read(page: &Page, list: &ListState, before: Option<AuditEntryId>, limit: i64) -> Result<AuditPage, PageError> {
    let text = |name: &str| list.filter(name).map(str::to_owned);
    let filter = AuditFilter {
        before,
        since: time(page, list, "since").map_err(|_| PageError::bad_address("since"))?,
        until: time(page, list, "until").map_err(|_| PageError::bad_address("until"))?,
        username: text("user"),
        key: text("key"),
        site: text("site"),
        command: text("command"),
        request_id: text("request"),
        accepted: match list.filter("result") {
            None => None,
            Some("accepted") => Some(true),
            Some("refused") => Some(false),
            Some(_) => return Err(PageError::bad_address("result")),
        },
    };
    Ok(page.operations().audit_log(page.context()?, &filter, limit).await?)
}

/// A time of the filter: a day, or a day with a time, in the page's time zone.
///
/// # Errors
/// The expected form.
fn time(page: &Page, list: &ListState, name: &str) -> Result<Option<Moment>, String> {
    let Some(text) = list.filter(name) else { return Ok(None) };
    let whole = if text.len() == 10 { format!("{text} 00:00:00") } else { text.to_owned() };
    parse_date_time(&whole, page.zone()).map(Some)
}

/// The filter, with the problems that `form` notes.
fn filter(page: &Page, list: &ListState, form: &Form) -> Filter {
    let zone = page.zone().iana_name().unwrap_or("your profile").to_owned();
    let results = [("", "Accepted and refused"), ("accepted", "Accepted"), ("refused", "Refused")];
    let fields = [
        Field::text("user", "User"),
        Field::text("command", "Command").help("Such as POST /console/keys."),
        Field::text("site", "Site"),
        Field::text("key", "Key"),
        Field::choice("result", "Result", results),
        Field::text("since", "Since").placeholder("2026-01-31").help(format!("In {zone}.")),
        Field::text("until", "Until").placeholder("2026-01-31 14:30:00").help(format!("In {zone}.")),
        Field::text("request", "Request"),
    ];
    Filter::new(list, fields.map(|field| field.of(form))).with_export(list)
}

fn entries(page: &Page, list: &ListState, found: &AuditPage) -> Table {
    let rows = found.entries.iter().map(|numbered| {
        let entry = &numbered.entry;
        let result = match entry.accepted {
            true => Badge::new("Accepted", Meaning::Good),
            false => Badge::new("Refused", Meaning::Bad),
        };
        Row::new([
            Cell::when(When::new(entry.at, page.zone(), page.now())),
            Cell::text_or_unknown(&entry.username),
            Cell::text_or_unknown(&entry.command),
            Cell::badge(result),
            Cell::text_or_unknown(&entry.reason),
            Cell::text_or_unknown(&entry.site),
            Cell::text(entry.surface.as_str()),
            Cell::text_or_unknown(&entry.address),
            Cell::text_or_unknown(&entry.key),
            Cell::text_or_unknown(&entry.acting_for),
            Cell::number(entry.status),
            Cell::text(&entry.request_id),
        ])
    });
    let columns = [
        Column::text("at", "Time"),
        Column::text("user", "User"),
        Column::text("command", "Command"),
        Column::text("result", "Result"),
        Column::text("reason", "Reason").wide(),
        Column::text("site", "Site").wide(),
        Column::text("surface", "Surface").wide(),
        Column::text("address", "Address").optional(),
        Column::text("key", "Key").optional(),
        Column::text("acting-for", "Acting for").optional(),
        Column::number("status", "Status").optional(),
        Column::text("request", "Request").optional(),
    ];
    let about = format!("{}, the latest first", counted(found.entries.len(), "entry", "entries"));
    Table::new("audit", "Entries", columns)
        .rows(rows)
        .empty(Empty::new("No entry matches the filter."))
        .list(list, Order { column: "at", is_descending: true })
        .position(list, about, found.next.map(|next| next.to_string()))
}

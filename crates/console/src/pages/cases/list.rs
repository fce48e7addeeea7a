//! `GET /cases`: the cases, with filters.

use axum::Router;
use soar_host::Refusal;
use soar_host::operations::{CasePage, OperationError};
use soar_store::model::{CaseId, Right, Status};

use super::address;
use crate::export;
use crate::pages::incident_parts::status;
use crate::pages::named::none_yet;
use crate::parts::{Cell, Column, ContentPage, Empty, Field, Filter, Row, Table, When, counted};
use crate::routing::get;
use crate::visit::{ListState, Order, Page, PageError, PageResult};

/// The number of cases on a page.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router {
    Router::new().route("/cases", get(show)).route("/cases.csv", get(download))
}

async fn show(page: Page, list: ListState) -> PageResult {
    if let Some(number) = list.filter("q") {
        match page.operations().case(page.context()?, number).await {
            Ok(case) => return page.lead_to(&address(&case.case.number), None),
            Err(OperationError::Refusal(Refusal::About(_) | Refusal::Because(_))) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let after = list.read::<i64>("from")?.map(CaseId);
    let found = read(&page, &list, after, ROWS).await?;
    let purpose = "Cases are groups of incidents that belong together. Open one to see its incidents.";
    let content = ContentPage::new(page.main_frame("Cases", purpose));
    page.show(&content.with(filter(&page, &list).await?).with(cases(&page, &list, &found)))
}

async fn download(page: Page, list: ListState) -> PageResult {
    export::csv(page, "cases", move |page, position| {
        let list = list.clone();
        async move {
            let after = position.and_then(|position| position.parse().ok()).map(CaseId);
            let found = read(&page, &list, after, export::ROWS).await?;
            let next = found.next.map(|next| next.to_string());
            Ok((cases(&page, &list, &found), next))
        }
    })
    .await
}

async fn read(page: &Page, list: &ListState, after: Option<CaseId>, limit: i64) -> Result<CasePage, PageError> {
    let state = list.read::<Status>("status")?;
    // A number that no case has finds nothing.
    if list.filter("q").is_some() {
        return Ok(CasePage { cases: Vec::new(), next: None });
    }
    Ok(page.operations().list_cases(page.context()?, list.filter("site"), state, after, limit).await?)
}

async fn filter(page: &Page, list: &ListState) -> Result<Filter, PageError> {
    let any = |text: &str| (String::new(), text.to_owned());
    let same = |text: &str| (text.to_owned(), text.to_owned());
    let states = std::iter::once(any("Any status")).chain(Status::ALL.iter().map(|one| same(one.as_str())));
    let sites = page.sites_with(Right::SeeIncidents).await?;
    let sites = std::iter::once(any("Any site")).chain(sites.iter().map(|site| same(&site.name)));
    let fields =
        [Field::text("q", "Number"), Field::choice("status", "Status", states), Field::choice("site", "Site", sites)];
    Ok(Filter::new(list, fields).with_export(list))
}

fn cases(page: &Page, list: &ListState, found: &CasePage) -> Table {
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let rows = found.cases.iter().map(|case| {
        Row::new([
            Cell::link(page.href(&address(&case.number)), &case.number),
            Cell::text_or_unknown(&case.title),
            Cell::text_or_unknown(&case.case_type),
            Cell::badge(status(case.status)),
            Cell::text_or_unknown(&case.priority),
            Cell::text(&case.site),
            Cell::text_or_unknown(case.owner.as_deref().unwrap_or_default()),
            when(case.created_at),
            case.reported_at.map_or_else(Cell::unknown, when),
            case.closed_at.map_or_else(Cell::unknown, when),
        ])
    });
    let columns = [
        Column::text("number", "Number").code(),
        Column::text("title", "Title").long(),
        Column::text("type", "Type"),
        Column::text("status", "Status"),
        Column::text("priority", "Priority").wide(),
        Column::text("site", "Site").wide(),
        Column::text("owner", "Owner").wide(),
        Column::text("created", "Created").wide(),
        Column::text("reported", "Reported").optional(),
        Column::text("closed", "Closed").optional(),
    ];
    let about = format!("{}, the oldest first", counted(found.cases.len(), "case", "cases"));
    Table::new("cases", "Cases", columns)
        .rows(rows)
        .empty(Empty::of(list, "No case matches the filter.", &none_yet(page, "case")))
        .list(list, Order { column: "created", is_descending: false })
        .position(list, about, found.next.map(|next| next.to_string()))
}

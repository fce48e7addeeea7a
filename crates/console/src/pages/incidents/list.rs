//! `GET /incidents`: the incidents, with a search, filters and commands on the selected ones.

use askama::Template;
use axum::Router;
use soar_host::operations::{IncidentPage, IncidentSearch, OperationError};
use soar_host::{Refusal, views};
use soar_store::SearchOrder;
use soar_store::model::{IncidentId, Right, Severity, Status};

use super::bulk_command::commands;
use crate::export;
use crate::pages::incident_parts::{address, status};
use crate::pages::named::none_yet;
use crate::parts::{Badge, Cell, Column, Empty, Field, Filter, LinkButton, Row, Table, When, counted};
use crate::routing::get;
use crate::visit::{Frame, ListState, Order, Page, PageError, PageResult};

/// The number of incidents on a page.
const ROWS: i64 = 100;

#[derive(Debug, Template)]
#[template(path = "incidents/list.html")]
struct IncidentsPage {
    frame: Frame,
    create: Option<LinkButton>,
    filter: Filter,
    /// The address and the name of each command on many incidents.
    commands: Vec<(String, &'static str)>,
    list: Table,
}

pub(super) fn routes() -> Router {
    Router::new().route("/incidents", get(show)).route("/incidents.csv", get(download))
}

async fn show(page: Page, list: ListState) -> PageResult {
    if let Some(number) = list.filter("q")
        && is_number(&page, number).await?
    {
        return page.lead_to(&address(number), None);
    }
    let after = list.read::<i64>("from")?.map(IncidentId);
    let found = page.operations().list_incidents(page.context()?, search(&list, after, ROWS)?).await?;
    let may_change = page.may_somewhere(Right::ChangeIncidents);
    let purpose = "Incidents are the events that a team handles. Search them, open one, or change many at once.";
    page.show(&IncidentsPage {
        frame: page.main_frame("Incidents", purpose),
        create: may_change.then(|| LinkButton::new(page.href("/incidents/new"), "+ New Incident")),
        filter: filter(&page, &list).await?,
        commands: if may_change { commands(&page) } else { Vec::new() },
        list: incidents(&page, &list, &found, may_change),
    })
}

async fn download(page: Page, list: ListState) -> PageResult {
    export::csv(page, "incidents", move |page, position| {
        let list = list.clone();
        async move {
            let after = position.and_then(|position| position.parse().ok()).map(IncidentId);
            let wanted = search(&list, after, export::ROWS)?;
            let found = page.operations().list_incidents(page.context()?, wanted).await?;
            let next = found.last.map(|last| last.to_string());
            Ok((incidents(&page, &list, &found, false), next))
        }
    })
    .await
}

/// Whether the text is the number of an incident that the user sees.
async fn is_number(page: &Page, text: &str) -> Result<bool, PageError> {
    match page.operations().incident(page.context()?, text).await {
        Ok(_) => Ok(true),
        Err(OperationError::Refusal(Refusal::About(_) | Refusal::Because(_))) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn search(list: &ListState, after: Option<IncidentId>, limit: i64) -> Result<IncidentSearch, PageError> {
    let text = |name: &str| list.filter(name).map(str::to_owned);
    let filter = views::IncidentFilter {
        status: list.read::<Status>("status")?,
        severity: list.read::<Severity>("severity")?,
        owner: text("owner"),
        title: None,
        text: text("q"),
    };
    let order = SearchOrder::Latest;
    Ok(IncidentSearch { site: text("site"), filter, order, after, limit, ..IncidentSearch::default() })
}

async fn filter(page: &Page, list: &ListState) -> Result<Filter, PageError> {
    let any = |text: &str| (String::new(), text.to_owned());
    let same = |text: &str| (text.to_owned(), text.to_owned());
    let states = std::iter::once(any("Any status")).chain(Status::ALL.iter().map(|one| same(one.as_str())));
    let severities = std::iter::once(any("Any severity")).chain(Severity::ALL.iter().map(|one| same(one.as_str())));
    let sites = page.sites_with(Right::SeeIncidents).await?;
    let sites = std::iter::once(any("Any site")).chain(sites.iter().map(|site| same(&site.name)));
    let fields = [
        Field::text("q", "Search").placeholder("Number, or words of any field"),
        Field::choice("status", "Status", states),
        Field::choice("severity", "Severity", severities),
        Field::choice("site", "Site", sites),
        Field::text("owner", "Owner"),
    ];
    Ok(Filter::new(list, fields).with_export(list))
}

fn incidents(page: &Page, list: &ListState, found: &IncidentPage, may_select: bool) -> Table {
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let name = |name: &Option<String>| name.as_deref().map_or_else(Cell::unknown, Cell::text);
    let rows = found.incidents.iter().map(|one| {
        let check = may_select.then(|| Cell::check("bulk", "number", &one.number));
        Row::new(check.into_iter().chain([
            Cell::link(page.href(&address(&one.number)), &one.number),
            Cell::text_or_unknown(&one.title),
            Cell::badge(Badge::of_severity(one.severity.as_str())),
            Cell::badge(status(one.status)),
            Cell::text(&one.incident_type),
            Cell::text(&one.site),
            name(&one.owner),
            when(one.created_at),
            one.due_at.map_or_else(Cell::unknown, when),
            name(&one.assignee),
            when(one.modified_at),
            one.closed_at.map_or_else(Cell::unknown, when),
            name(&one.closed_by),
        ]))
    });
    let check = may_select.then(|| Column::text("select", "Select").unexported());
    let columns = check.into_iter().chain([
        Column::text("number", "Number").code(),
        Column::text("title", "Title").long(),
        Column::text("severity", "Severity"),
        Column::text("status", "Status"),
        Column::text("type", "Type").wide(),
        Column::text("site", "Site").wide(),
        Column::text("owner", "Owner").wide(),
        Column::text("created", "Created").wide(),
        Column::text("due", "Due").wide(),
        Column::text("assignee", "Assignee").optional(),
        Column::text("modified", "Modified").optional(),
        Column::text("closed", "Closed").optional(),
        Column::text("closed-by", "Closed by").optional(),
    ]);
    let about = format!("{}, the latest first", counted(found.incidents.len(), "incident", "incidents"));
    Table::new("incidents", "Incidents", columns)
        .rows(rows)
        .empty(Empty::of(list, "No incident matches the filter.", &none_yet(page, "incident")))
        .list(list, Order { column: "created", is_descending: true })
        .position(list, about, found.last.map(|last| last.to_string()))
}

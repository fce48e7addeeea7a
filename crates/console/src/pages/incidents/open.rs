//! The latest open incidents, for the first page.

use soar_host::operations::IncidentSearch;
use soar_host::views::IncidentFilter;
use soar_store::SearchOrder;
use soar_store::model::{Right, Status};

use crate::pages::incident_parts::address;
use crate::parts::{Badge, Cell, Column, Empty, Row, Table, When};
use crate::visit::{Page, PageError, if_allowed};

/// The number of incidents that are shown.
const ROWS: i64 = 5;

/// The latest open incidents. `None` for a user who may see no incidents.
pub(in crate::pages) async fn open_incidents(page: &Page) -> Result<Option<Table>, PageError> {
    if !page.may_somewhere(Right::SeeIncidents) {
        return Ok(None);
    }
    let filter = IncidentFilter { status: Some(Status::Open), ..IncidentFilter::default() };
    let wanted = IncidentSearch { filter, order: SearchOrder::Latest, limit: ROWS, ..IncidentSearch::default() };
    let found = if_allowed(page.operations().list_incidents(page.context()?, wanted).await)?;
    let Some(found) = found else { return Ok(None) };
    let rows = found.incidents.iter().map(|one| {
        Row::new([
            Cell::link(page.href(&address(&one.number)), &one.number),
            Cell::text_or_unknown(&one.title),
            Cell::badge(Badge::of_severity(one.severity.as_str())),
            one.owner.as_deref().map_or_else(Cell::unknown, Cell::text),
            Cell::when(When::new(one.created_at, page.zone(), page.now())),
        ])
    });
    let columns = [
        Column::text("number", "Number").code(),
        Column::text("title", "Title").long(),
        Column::text("severity", "Severity"),
        Column::text("owner", "Owner").wide(),
        Column::text("created", "Created"),
    ];
    let none = if page.administers() { "No incident is open." } else { "No incident that you may see is open." };
    let table = Table::new("open-incidents", "Open incidents, the latest first", columns).rows(rows);
    let table = table.empty(Empty::new(none)).live("incidents");
    Ok(Some(table.more(page.href("/incidents?status=Open"), "All open incidents")))
}

//! `GET /cases/{number}`: a case with its incidents.

use axum::Router;
use soar_store::model::Moment;

use crate::pages::incident_parts::{links_table, status};
use crate::parts::{Cell, ContentPage, Empty, Facts, When};
use crate::routing::get;
use crate::visit::{Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/cases/{number}", get(show))
}

async fn show(page: Page, Path(number): Path<String>) -> PageResult {
    let whole = page.operations().case(page.context()?, &number).await?;
    let case = &whole.case;
    let when = |at: Moment| Cell::when(When::new(at, page.zone(), page.now()));
    let or_unknown = |at: Option<Moment>| at.map_or_else(Cell::unknown, when);
    let text = |text: &str| Cell::text_or_unknown(text);
    let facts = Facts::new("fields", "Fields")
        .fact("Number", text(&case.number))
        .fact("Title", text(&case.title))
        .fact("Type", text(&case.case_type))
        .fact("Status", Cell::badge(status(case.status)))
        .fact("Priority", text(&case.priority))
        .fact("Site", text(&case.site))
        .fact("Owner", text(case.owner.as_deref().unwrap_or_default()))
        .fact("Reported", or_unknown(case.reported_at))
        .fact("Created", when(case.created_at))
        .fact("Created by", text(&case.creator))
        .fact("Last change", when(case.modified_at))
        .fact("Closed", or_unknown(case.closed_at))
        .fact("Closed by", text(case.closed_by.as_deref().unwrap_or_default()))
        .fact("Time zone", text(&case.time_zone))
        .fact("Description", text(&case.description));
    let incidents = links_table(&page, "incidents", "Incidents", "/incidents", &whole.incidents);
    let incidents = incidents.empty(Empty::new("No incident that you may see is linked."));
    let frame = page.frame(&case.number).below("Cases", "/cases");
    page.show(&ContentPage::new(frame).with(facts).with(incidents))
}

//! `GET /tenants/syncs`: the runs of Sync Connection, the latest first.

use axum::Router;
use soar_store::model::{SyncRun, SyncRunId, SyncStatus};

use crate::parts::{Badge, Cell, Column, ContentPage, Empty, LinkButton, Meaning, Row, Table, When, counted};
use crate::routing::get;
use crate::visit::{ListState, Page, PageResult};

/// The number of runs on a page.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router {
    Router::new().route("/tenants/syncs", get(show))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let before = list.read::<SyncRunId>("from")?;
    let found = page.operations().list_sync_runs(page.context()?, before, ROWS).await?;
    let rows = found.runs.iter().map(|run| row(&page, run));
    let columns = [
        Column::text("id", "Sync"),
        Column::text("kind", "Kind"),
        Column::text("status", "Status"),
        Column::text("started", "Started"),
        Column::number("tenants", "Tenants").wide(),
        Column::number("changed", "Connections changed").wide(),
        Column::number("failed", "Failures"),
        Column::text("user", "User").wide(),
    ];
    let about = format!("{}, the latest first", counted(found.runs.len(), "sync", "syncs"));
    let table = Table::new("syncs", "Syncs of connections", columns)
        .rows(rows)
        .empty(Empty::new("No sync has run yet."))
        .position(&list, about, found.next.map(|next| next.to_string()));
    let create = LinkButton::new(page.href("/tenants/syncs/new"), "+ New Sync");
    let purpose = "Syncs send connections to the tenants. Open one to see what it changed, and what failed.";
    let frame = page.main_frame("Syncs", purpose).below("Tenants", "/tenants");
    page.show(&ContentPage::new(frame).action(create).with(table))
}

pub(super) fn status(status: SyncStatus) -> Badge {
    let meaning = match status {
        SyncStatus::Running => Meaning::Active,
        SyncStatus::Successful => Meaning::Good,
        SyncStatus::PartiallySuccessful | SyncStatus::Interrupted => Meaning::Warning,
        SyncStatus::Failed => Meaning::Bad,
    };
    Badge::new(status.as_str(), meaning)
}

fn row(page: &Page, run: &SyncRun) -> Row {
    Row::new([
        Cell::link(page.href(&format!("/tenants/syncs/{}", run.id)), &run.id.to_string()),
        Cell::text(if run.planned { "Preview" } else { "Sync" }),
        Cell::badge(status(run.status)),
        Cell::when(When::new(run.started_at, page.zone(), page.now())),
        Cell::number(run.tenants),
        Cell::number(run.counts.added + run.counts.changed + run.counts.withdrawn),
        Cell::number(run.counts.failed),
        Cell::text(&run.username),
    ])
}

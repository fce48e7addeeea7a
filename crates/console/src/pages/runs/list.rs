//! `GET /runs`: the runs of integration commands, the latest first.

use axum::Router;
use soar_host::operations::RunPage;
use soar_store::RunFilter;
use soar_store::model::{ConnectionId, Moment, Right, RunId, RunStatus};

use crate::export;
use crate::pages::home::meaning;
use crate::pages::named::none_yet;
use crate::parts::{Badge, Cell, Column, ContentPage, Empty, Field, Filter, Row, Table, When, counted};
use crate::routing::get;
use crate::visit::{ListState, Order, Page, PageError, PageResult};

/// The number of runs on a page.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router {
    Router::new().route("/runs", get(show)).route("/runs.csv", get(download))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let before = list.read::<i64>("from")?.map(RunId);
    let found = read(&page, &list, before, ROWS).await?;
    let purpose = "Runs are the commands that ran on connections. Open one to see what it returned, or why it failed.";
    let content = ContentPage::new(page.main_frame("Runs", purpose));
    page.show(&content.with(filter(&page, &list).await?).with(runs(&page, &list, &found)))
}

async fn download(page: Page, list: ListState) -> PageResult {
    export::csv(page, "runs", move |page, position| {
        let list = list.clone();
        async move {
            let before = position.and_then(|position| position.parse().ok()).map(RunId);
            let found = read(&page, &list, before, export::ROWS).await?;
            let next = found.next.map(|next| next.to_string());
            Ok((runs(&page, &list, &found), next))
        }
    })
    .await
}

async fn read(page: &Page, list: &ListState, before: Option<RunId>, limit: i64) -> Result<RunPage, PageError> {
    let text = |name: &str| list.filter(name).map(str::to_owned);
    let filter = RunFilter {
        connection: list.read::<i64>("connection")?.map(ConnectionId),
        command: text("command"),
        user: text("user"),
        status: list.read("status")?,
        before,
        limit: Some(limit),
    };
    Ok(page.operations().list_runs(page.context()?, list.filter("site"), &filter).await?)
}

async fn filter(page: &Page, list: &ListState) -> Result<Filter, PageError> {
    let any = |text: &str| (String::new(), text.to_owned());
    let same = |text: &str| (text.to_owned(), text.to_owned());
    let states = std::iter::once(any("Any status")).chain(RunStatus::ALL.iter().map(|one| same(one.as_str())));
    let sites = page.sites_with(Right::SeeRuns).await?;
    let sites = std::iter::once(any("Any site")).chain(sites.iter().map(|site| same(&site.name)));
    let fields = [
        Field::text("command", "Command"),
        Field::choice("status", "Status", states),
        Field::choice("site", "Site", sites),
        Field::text("user", "User"),
    ];
    Ok(Filter::new(list, fields).with_export(list))
}

/// The duration of what ran, in milliseconds; unknown while it runs.
pub(super) fn duration(started: Moment, ended: Option<Moment>) -> Cell {
    ended.map_or_else(Cell::unknown, |ended| Cell::number(ended.milliseconds_since(started)))
}

fn runs(page: &Page, list: &ListState, found: &RunPage) -> Table {
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let rows = found.runs.iter().map(|run| {
        Row::new([
            Cell::link(page.href(&format!("/runs/{}", run.id)), &run.id.to_string()),
            Cell::text(&run.command),
            Cell::text(&run.connection),
            Cell::badge(Badge::new(run.status.as_str(), meaning(run.status))),
            when(run.started_at),
            duration(run.started_at, run.ended_at),
            Cell::text(&run.user),
            Cell::text(&run.site),
            run.key.as_deref().map_or_else(Cell::unknown, Cell::text),
            Cell::text(&run.request_id),
            Cell::text(&run.node),
        ])
    });
    let columns = [
        Column::text("id", "Run"),
        Column::text("command", "Command").code(),
        Column::text("connection", "Connection").wide(),
        Column::text("status", "Status"),
        Column::text("started", "Started"),
        Column::number("duration", "Duration, ms").wide(),
        Column::text("user", "User").wide(),
        Column::text("site", "Site").wide(),
        Column::text("key", "Key").optional(),
        Column::text("request", "Request").optional(),
        Column::text("node", "Node").optional(),
    ];
    let about = format!("{}, the latest first", counted(found.runs.len(), "run", "runs"));
    Table::new("runs", "Runs", columns)
        .rows(rows)
        .empty(Empty::of(list, "No run matches the filter.", &none_yet(page, "run")))
        .list(list, Order { column: "started", is_descending: true })
        .position(list, about, found.next.map(|next| next.to_string()))
        .live("runs")
}

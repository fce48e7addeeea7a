//! `/`: what is failing, what ran, what waits, in one look.

use askama::Template;
use axum::Router;
use axum::routing::get;
use soar_host::Refusal;
use soar_host::operations::OperationError;
use soar_store::RunFilter;
use soar_store::model::{HealthState, RunStatus};

use crate::parts::{Badge, Cell, Column, Empty, Meaning, Row, Table, When};
use crate::visit::{Answer, Frame, Page, PageError};

/// The number of rows of each list.
const ROWS: i64 = 10;

#[derive(Debug, Template)]
#[template(path = "home/home.html")]
struct HomePage {
    frame: Frame,
    states: Vec<StateCount>,
    failing: Table,
    runs: Table,
}

/// The number of connections in a state.
#[derive(Debug)]
struct StateCount {
    badge: Badge,
    count: usize,
}

pub(super) fn routes() -> Router {
    Router::new().route("/", get(show))
}

async fn show(page: Page) -> Answer {
    let (states, failing) = failing(&page).await?;
    let template = HomePage { frame: page.frame("Home"), states, failing, runs: runs(&page).await? };
    page.show(&template)
}

/// The value; `None` if the user may not see it.
fn if_allowed<T>(result: Result<T, OperationError>) -> Result<Option<T>, PageError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(OperationError::Refusal(Refusal::Forbidden(_)) | OperationError::NoConnectors) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn failing(page: &Page) -> Result<(Vec<StateCount>, Table), PageError> {
    let columns = [
        Column::text("Connection"),
        Column::text("Site").wide(),
        Column::text("State"),
        Column::text("Since"),
        Column::text("Last error"),
    ];
    let empty = Empty::new("No connection is failing.");
    let health = if_allowed(page.operations().list_health(page.context()?, None, None, Some(ROWS)).await)?;
    let Some(health) = health else {
        return Ok((Vec::new(), Table::new("failing", "Connections that are not healthy", columns).empty(empty)));
    };
    let states = health.states.iter().rev();
    let states = states.map(|(state, count)| StateCount { badge: Badge::of_health(*state), count: *count }).collect();
    let bad = health.connections.iter().filter(|one| !matches!(one.health.state, HealthState::Healthy));
    let rows = bad.map(|one| {
        Row::new([
            Cell::text(&one.name),
            Cell::text(&one.site),
            Cell::badge(Badge::of_health(one.health.state)),
            Cell::when(When::new(one.health.since, page.zone(), page.now())),
            Cell::text(one.health.last_error.as_deref().unwrap_or_default()),
        ])
    });
    Ok((states, Table::new("failing", "Connections that are not healthy", columns).rows(rows).empty(empty)))
}

async fn runs(page: &Page) -> Result<Table, PageError> {
    let columns = [
        Column::text("Started"),
        Column::text("Command"),
        Column::text("Connection"),
        Column::text("User").wide(),
        Column::text("Status"),
    ];
    let filter = RunFilter { limit: Some(ROWS), ..RunFilter::default() };
    let runs = if_allowed(page.operations().list_runs(page.context()?, None, &filter).await)?;
    let rows = runs.map(|runs| runs.runs).unwrap_or_default().into_iter().map(|run| {
        Row::new([
            Cell::when(When::new(run.started_at, page.zone(), page.now())),
            Cell::text(&run.command),
            Cell::text(&run.connection),
            Cell::text(&run.user),
            Cell::badge(Badge::new(run.status.as_str(), meaning(run.status))),
        ])
    });
    let table = Table::new("runs", "Latest runs", columns).rows(rows);
    Ok(table.empty(Empty::new("No command has run yet.")))
}

const fn meaning(status: RunStatus) -> Meaning {
    match status {
        RunStatus::Running => Meaning::Active,
        RunStatus::Successful => Meaning::Good,
        RunStatus::Failed => Meaning::Bad,
        RunStatus::Cancelled | RunStatus::Interrupted => Meaning::Warning,
    }
}

//! `/`: what is failing, what ran, what waits, in one look.

use askama::Template;
use axum::Router;
use soar_host::health::HealthFilter;
use soar_store::RunFilter;
use soar_store::model::{HealthState, Right, RunStatus};

use super::findings::{News, hindered, news};
use super::incidents::open_incidents;
use super::named::none_yet;
use crate::parts::{Badge, Cell, Column, Counts, Empty, Meaning, Row, Table, When};
use crate::routing::get;
use crate::visit::{Frame, Page, PageError, PageResult, if_allowed};

/// The number of rows of each list.
const ROWS: i64 = 10;

#[derive(Debug, Template)]
#[template(path = "home/home.html")]
struct HomePage {
    frame: Frame,
    states: Option<Counts>,
    failing: Option<Table>,
    incidents: Option<Table>,
    rules: Option<Table>,
    runs: Option<Table>,
    waiting: Option<Table>,
    news: Option<News>,
}

impl HomePage {
    /// Whether the user may see no part of the page.
    fn is_empty(&self) -> bool {
        let tables = [&self.failing, &self.incidents, &self.rules, &self.runs, &self.waiting];
        self.news.is_none() && tables.into_iter().all(Option::is_none)
    }
}

pub(super) fn routes() -> Router {
    Router::new().route("/", get(show))
}

async fn show(page: Page) -> PageResult {
    let (states, failing) = failing(&page).await?;
    let (incidents, runs, waiting) = (open_incidents(&page).await?, runs(&page).await?, waiting(&page).await?);
    let (rules, news) = (hindered(&page).await?, news(&page).await?);
    let purpose = "Home shows what fails, which incidents are open, what is new in the findings, and what ran last.";
    let frame = page.main_frame("Home", purpose);
    page.show(&HomePage { frame, states, failing, incidents, rules, runs, waiting, news })
}

/// The numbers of connections by state, and those that are not healthy. `None` for a user who may not see them.
async fn failing(page: &Page) -> Result<(Option<Counts>, Option<Table>), PageError> {
    if !page.may_somewhere(Right::UseConnections) {
        return Ok((None, None));
    }
    let filter =
        HealthFilter { limit: Some(ROWS), without_latencies: true, without_uptimes: true, ..HealthFilter::default() };
    let health = if_allowed(page.operations().list_health(page.context()?, None, filter).await)?;
    let Some(health) = health else { return Ok((None, None)) };
    let mut states = Counts::new("states", "Connections by state").titled().live("health");
    // A state without connections is shown only where that is good news, or bad news.
    let is_shown =
        |state: HealthState, count: usize| count > 0 || matches!(state, HealthState::Failing | HealthState::Healthy);
    for (state, count) in health.states.iter().rev().filter(|(state, count)| is_shown(**state, **count)) {
        let href = page.href(&format!("/health?state={}", state.as_str()));
        states = states.linked(Badge::of_health(*state), *count, href);
    }
    let bad = health.connections.iter().filter(|one| one.health.state != HealthState::Healthy);
    let rows = bad.map(|one| {
        let detail = one.health.last_error.as_deref().or(one.health.notice.as_deref());
        let detail = match one.health.state {
            _ if one.site_inactive.is_some() => Cell::text(one.site_inactive.as_deref().unwrap_or_default()),
            HealthState::Unknown if !one.checked => {
                Cell::link(page.href(&format!("/connections/{}", one.id)), "Not checked: set Test every")
            }
            _ => detail.map_or_else(Cell::unknown, Cell::text),
        };
        Row::new([
            Cell::link(page.href(&format!("/health/{}", one.id)), &one.name),
            Cell::text(&one.site),
            Cell::badge(Badge::of_health(one.health.state)),
            Cell::when(When::new(one.health.since, page.zone(), page.now())),
            detail,
        ])
    });
    let columns = [
        Column::text("connection", "Connection"),
        Column::text("site", "Site").wide(),
        Column::text("state", "State"),
        Column::text("since", "Since"),
        Column::text("error", "Last error").long(),
    ];
    let has_none = health.states.values().all(|count| *count == 0);
    let empty = match new_connection(page)?.filter(|_| has_none) {
        Some(href) => Empty::new(none_yet(page, "connection")).action(href, "+ New Connection"),
        None if has_none => Empty::new(none_yet(page, "connection")),
        None => Empty::new("Every connection is healthy."),
    };
    let table = Table::new("failing", "Failing, or not known to be healthy, the worst first", columns).rows(rows);
    Ok((Some(states), Some(table.empty(empty).live("health"))))
}

/// The address of the form of a new connection, or of the integrations if there are several. `None` for a user who may
/// create none.
fn new_connection(page: &Page) -> Result<Option<String>, PageError> {
    if !page.may_somewhere(Right::ManageConnections) {
        return Ok(None);
    }
    let integrations = if_allowed(page.operations().list_integrations())?.unwrap_or_default();
    let path = match integrations.as_slice() {
        [only] => format!("/integrations/{}/connections/new", only.id),
        _ => "/integrations".to_owned(),
    };
    Ok(Some(page.href(&path)))
}

/// The latest runs. `None` for a user who may see only the user's own.
async fn runs(page: &Page) -> Result<Option<Table>, PageError> {
    if !page.may_somewhere(Right::SeeRuns) {
        return Ok(None);
    }
    let columns = [
        Column::text("command", "Command").code(),
        Column::text("connection", "Connection"),
        Column::text("status", "Status"),
        Column::text("started", "Started"),
        Column::text("user", "User").wide(),
    ];
    let filter = RunFilter { limit: Some(ROWS), ..RunFilter::default() };
    let runs = if_allowed(page.operations().list_runs(page.context()?, None, &filter).await)?;
    let rows = runs.map(|runs| runs.runs).unwrap_or_default().into_iter().map(|run| {
        Row::new([
            Cell::link(page.href(&format!("/runs/{}", run.id)), &run.command),
            Cell::text(&run.connection),
            Cell::badge(Badge::new(run.status.as_str(), meaning(run.status))),
            Cell::when(When::new(run.started_at, page.zone(), page.now())),
            Cell::text(&run.user),
        ])
    });
    let table = Table::new("runs", "Latest runs", columns).rows(rows).live("runs");
    let none = if page.administers() { "No command has run yet.".to_owned() } else { none_yet(page, "run") };
    Ok(Some(table.empty(Empty::new(none).action(page.href("/test-command"), "Test Command"))))
}

/// The alerts that could not be delivered; `None` for a user who may not see them.
async fn waiting(page: &Page) -> Result<Option<Table>, PageError> {
    let messages = if_allowed(page.operations().list_waiting_alerts(page.context()?, ROWS).await)?;
    let rows = messages.map(|messages| {
        let row = |message: soar_store::WaitingMessage| {
            Row::new([
                Cell::text(&message.destination),
                Cell::when(When::new(message.created_at, page.zone(), page.now())),
                Cell::number(message.attempts),
                Cell::when(When::new(message.next_attempt_at, page.zone(), page.now())),
                message.last_error.as_deref().map_or_else(Cell::unknown, Cell::text),
            ])
        };
        messages.into_iter().map(row).collect::<Vec<_>>()
    });
    let columns = [
        Column::text("destination", "Destination"),
        Column::text("since", "Waiting since"),
        Column::number("attempts", "Attempts"),
        Column::text("next", "Next attempt").wide(),
        Column::text("error", "Last error"),
    ];
    let table = |rows: Vec<Row>| Table::new("waiting", "Alerts that are not delivered yet", columns).rows(rows);
    Ok(rows.map(|rows| table(rows).empty(Empty::new("No alert waits.")).live("health")))
}

/// The meaning of the status of a run.
pub(super) const fn meaning(status: RunStatus) -> Meaning {
    match status {
        RunStatus::Running => Meaning::Active,
        RunStatus::Successful => Meaning::Good,
        RunStatus::Failed => Meaning::Bad,
        RunStatus::Cancelled | RunStatus::Interrupted => Meaning::Warning,
    }
}

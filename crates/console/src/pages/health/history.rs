//! `GET /health/{id}`: the history of the health checks of one connection, with the error of each failure.

use askama::Template;
use axum::Router;
use soar_host::health::ConnectionHealth;
use soar_store::model::{Check, ConnectionId, HealthState, Moment};

use super::charts::{days, latency, offset, percent};
use crate::export;
use crate::pages::connections::{self, may_manage};
use crate::parts::{Badge, Cell, Column, DayStrip, Empty, ErrorTab, Facts, Row, Sparkline, Table, When, counted};
use crate::routing::get;
use crate::visit::{Frame, ListState, Order, Page, PageError, PageResult, Path};

/// The number of checks on a page.
const ROWS: i64 = 50;

#[derive(Debug, Template)]
#[template(path = "health/history.html")]
struct HistoryPage {
    frame: Frame,
    /// The address of the connection.
    connection: String,
    /// The address of the form that checks the connection now, for a user who may do that.
    check: Option<String>,
    failure: Option<FailurePanel>,
    facts: Facts,
    latency: Sparkline,
    days: DayStrip,
    checks: Table,
}

/// Why a connection fails.
#[derive(Debug)]
struct FailurePanel {
    tab: ErrorTab,
    has_cure: bool,
    /// The address of the diagnosis, for a user who may ask for it.
    diagnose: Option<String>,
}

pub(super) fn routes() -> Router {
    Router::new().route("/health/{id}", get(show)).route("/health/{id}/checks.csv", get(download))
}

async fn show(page: Page, Path(id): Path<ConnectionId>, list: ListState) -> PageResult {
    let before = before(&list)?;
    let history = page.operations().health_history(page.context()?, id, before, ROWS).await?;
    let charts = page.operations().health_charts(page.context()?, id, offset(&page)).await?;
    let one = &history.connection;
    let health = &one.health;
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let or_unknown = |at: Option<Moment>| at.map_or_else(Cell::unknown, when);
    let latencies = one.latency_day.map(|at| format!("{} ms, {} ms, {} ms", at.p50_ms, at.p95_ms, at.p99_ms));
    let mut facts = Facts::new("state", "State")
        .fact("State", Cell::badge(Badge::of_health(health.state)))
        .fact("Since", when(health.since))
        .fact("Last proof", or_unknown(health.last_proof_at))
        .fact("Last check", or_unknown(health.last_check_at))
        .fact("Next check", one.next_due_at.map_or_else(|| Cell::text("No check is due"), when))
        .fact("Failures in a row", Cell::number(health.failures))
        .fact("Alert", Cell::text(health.alerted.map_or("None is open", |reason| reason.as_str())))
        .fact("Uptime, 24 h", Cell::number(percent(one.uptime_day)))
        .fact("Uptime, 7 days", Cell::number(percent(one.uptime_week)))
        .fact("Uptime, 30 days", Cell::number(percent(one.uptime_month)))
        .fact("Latency p50, p95, p99, 24 h", Cell::text_or_unknown(&latencies.unwrap_or_default()))
        .fact("Site", Cell::text(&one.site))
        .fact("Server", Cell::text_or_unknown(&one.server))
        .fact("Agent", Cell::text(one.agent.as_deref().unwrap_or("Direct")))
        .fact("Tenant", Cell::text_or_unknown(one.tenant.as_deref().unwrap_or_default()));
    if let Some(why) = &one.site_inactive {
        facts = facts.fact("Inactive", Cell::text(why));
    }
    // The failure of the latest check has a panel of its own.
    if let Some(error) = health.last_error.as_ref().filter(|_| health.state != HealthState::Failing) {
        facts = facts.fact("Last error", Cell::text(error)).fact("Last error at", or_unknown(health.last_error_at));
    }
    if let Some(notice) = &health.notice {
        facts = facts.fact("Notice", Cell::text(notice));
    }
    let latency = latency(&charts, page.zone()).with_table();
    let days = days(&charts, page.now(), offset(&page)).with_table();
    let frame = page.frame(&one.name).below("Health", "/health");
    let table = checks(&page, &list, &history.checks);
    let connection = page.href(&connections::address(&one.integration, one.id));
    let may_test = may_test(&page, one).await?;
    let check = may_test.then(|| page.href(&format!("{}/check", super::address(id))));
    let diagnose = may_test.then(|| format!("{connection}/diagnose"));
    let failure = failure(one, diagnose);
    page.show(&HistoryPage { frame, connection, check, failure, facts, latency, days, checks: table })
}

/// Whether the user may test and diagnose the connection, and it is active.
async fn may_test(page: &Page, one: &ConnectionHealth) -> Result<bool, PageError> {
    let connection = page.operations().connection(page.context()?, one.id).await?;
    Ok(connection.active && one.site_inactive.is_none() && may_manage(page, &connection).await?)
}

/// Why the connection fails; `None` for one that does not.
fn failure(one: &ConnectionHealth, diagnose: Option<String>) -> Option<FailurePanel> {
    let health = &one.health;
    let error = health.last_error.as_deref().filter(|_| health.state == HealthState::Failing)?;
    let (cause, cure) = (one.last_error_cause.as_deref(), one.last_error_cure.as_deref());
    let tab = ErrorTab::stored(error, health.last_error_code.as_deref(), cause, cure);
    Some(FailurePanel { tab, has_cure: cure.is_some(), diagnose })
}

async fn download(page: Page, Path(id): Path<ConnectionId>, list: ListState) -> PageResult {
    export::csv(page, "checks", move |page, position| {
        let list = list.clone();
        async move {
            let before = position.and_then(|position| position.parse().ok()).map(Moment);
            let history = page.operations().health_history(page.context()?, id, before, export::ROWS).await?;
            let next = next(&history.checks, export::ROWS);
            Ok((checks(&page, &list, &history.checks), next))
        }
    })
    .await
}

fn before(list: &ListState) -> Result<Option<Moment>, PageError> {
    Ok(list.read::<i64>("from")?.map(Moment))
}

fn next(checks: &[Check], limit: i64) -> Option<String> {
    let is_full = i64::try_from(checks.len()).is_ok_and(|found| found == limit);
    checks.last().filter(|_| is_full).map(|check| check.due_at.0.to_string())
}

fn checks(page: &Page, list: &ListState, checks: &[Check]) -> Table {
    let rows = checks.iter().map(|check| {
        Row::new([
            Cell::when(When::new(check.ended_at, page.zone(), page.now())),
            Cell::badge(Badge::of_health(check.result)),
            Cell::number(check.latency_ms),
            check.detail.as_deref().map_or_else(Cell::unknown, Cell::text),
            Cell::when(When::new(check.due_at, page.zone(), page.now())),
            Cell::text(&check.node),
        ])
    });
    let columns = [
        Column::text("ended", "Ended"),
        Column::text("result", "Result"),
        Column::number("latency", "Latency, ms").wide(),
        Column::text("error", "Error").long(),
        Column::text("due", "Due").optional(),
        Column::text("node", "Node").optional(),
    ];
    let about = format!("{}, the latest first", counted(checks.len(), "check", "checks"));
    Table::new("checks", "Checks", columns)
        .rows(rows)
        .empty(Empty::new("No check has run, or the host keeps none that is so old."))
        .list(list, Order { column: "ended", is_descending: true })
        .position(list, about, next(checks, ROWS))
        .live("health")
}

//! `GET /health`: all connections by their health, the worst first.

use askama::Template;
use axum::Router;
use soar_host::health::{ConnectionHealth, Grouping, HealthFilter, HealthTable};
use soar_store::model::{HealthState, Right};

use super::address;
use super::charts::{days, latency, offset, percent};
use super::groups::groups;
use crate::export;
use crate::pages::named::none_yet;
use crate::parts::{Badge, Cell, Column, Counts, Empty, Field, Filter, Row, Table, When};
use crate::routing::get;
use crate::visit::{Frame, ListState, Order, Page, PageError, PageResult};

/// The number of connections on a page.
const ROWS: usize = 25;

/// The key of the column with latencies, which are read only where the column is shown.
const P95: &str = "p95";

#[derive(Debug, Template)]
#[template(path = "health/list.html")]
struct HealthPage {
    frame: Frame,
    states: Counts,
    filter: Filter,
    list: Table,
}

pub(super) fn routes() -> Router {
    Router::new().route("/health", get(show)).route("/health.csv", get(download))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let grouping = list.read::<Grouping>("group")?;
    let wanted = HealthFilter {
        grouping,
        limit: i64::try_from(ROWS).ok(),
        offset: list.offset(),
        charts: grouping.is_none().then(|| offset(&page)),
        without_latencies: list.columns().all(|column| column != P95),
        ..filter(&list)?
    };
    let found = page.operations().list_health(page.context()?, list.filter("site"), wanted).await?;
    // A state without connections is shown only where that is good news, or bad news.
    let is_shown =
        |state: HealthState, count: usize| count > 0 || matches!(state, HealthState::Failing | HealthState::Healthy);
    let mut states = Counts::new("states", "Connections by state").live("health");
    for (state, count) in found.states.iter().rev().filter(|(state, count)| is_shown(**state, **count)) {
        states = states.linked(Badge::of_health(*state), *count, list.with("state", Some(state.as_str())));
    }
    let table = match grouping {
        Some(grouping) => groups(&found, grouping, &list),
        None => connections(&page, &list, &found),
    };
    let filter = filters(&page, &list).await?;
    let purpose = "Health shows which connections work and which fail. Open one to read why, and to check it now.";
    page.show(&HealthPage { frame: page.main_frame("Health", purpose), states, filter, list: table })
}

async fn download(page: Page, list: ListState) -> PageResult {
    filter(&list)?;
    export::csv(page, "health", move |page, position| {
        let list = list.clone();
        async move {
            let first: usize = position.and_then(|position| position.parse().ok()).unwrap_or(0);
            let wanted = HealthFilter { limit: Some(export::ROWS), offset: first, ..filter(&list)? };
            let found = page.operations().list_health(page.context()?, list.filter("site"), wanted).await?;
            let next = first + found.connections.len();
            let has_more = next < found.states.values().sum() && next > first;
            Ok((connections(&page, &list, &found), has_more.then(|| next.to_string())))
        }
    })
    .await
}

fn filter(list: &ListState) -> Result<HealthFilter, PageError> {
    let text = |name: &str| list.filter(name).map(str::to_owned);
    Ok(HealthFilter {
        state: list.read("state")?,
        server: text("server"),
        tenant: text("tenant"),
        text: text("q"),
        ..HealthFilter::default()
    })
}

async fn filters(page: &Page, list: &ListState) -> Result<Filter, PageError> {
    let any = |text: &str| (String::new(), text.to_owned());
    let same = |text: &str| (text.to_owned(), text.to_owned());
    let states = std::iter::once(any("Any state")).chain(HealthState::ALL.iter().map(|state| same(state.as_str())));
    let sites = page.sites_with(Right::UseConnections).await?;
    let sites = std::iter::once(any("Any site")).chain(sites.iter().map(|site| same(&site.name)));
    let groups = std::iter::once(any("No groups")).chain(Grouping::ALL.iter().map(|group| same(group.as_str())));
    let mut fields = vec![
        Field::text("q", "Search").placeholder("Name, site, server or agent"),
        Field::choice("state", "State", states),
        Field::choice("site", "Site", sites),
        Field::choice("group", "Group by", groups),
    ];
    // Groups lead to these.
    for (name, label) in [("server", "Server"), ("tenant", "Tenant")] {
        if list.filter(name).is_some() {
            fields.push(Field::text(name, label));
        }
    }
    Ok(Filter::new(list, fields).with_export(list))
}

fn connections(page: &Page, list: &ListState, found: &HealthTable) -> Table {
    let rows = found.connections.iter().map(|one| row(page, one));
    let columns = [
        Column::text("connection", "Connection"),
        Column::text("site", "Site").wide(),
        Column::text("state", "State"),
        Column::text("since", "Since"),
        Column::text("proof", "Last proof").wide(),
        Column::number("uptime", "Uptime, 30 days").wide(),
        Column::text("latency", "Latest latencies").wide().unexported(),
        Column::text("days", "Last 30 days").wide().unexported(),
        Column::number(P95, "Latency p95, 24 h, ms").optional(),
        Column::number("uptime-day", "Uptime, 24 h").optional(),
        Column::number("uptime-week", "Uptime, 7 days").optional(),
        Column::text("error", "Last error").optional(),
        Column::text("cause", "Cause").optional(),
        Column::text("cure", "Cure").optional(),
        Column::text("server", "Server").optional(),
        Column::text("agent", "Agent").optional(),
        Column::text("tenant", "Tenant").optional(),
        Column::text("next", "Next check").optional(),
        Column::text("alert", "Alert").optional(),
    ];
    let (first, all) = (list.offset(), found.states.values().sum::<usize>());
    let last = first + found.connections.len();
    let next = (last < all && last > first).then(|| last.to_string());
    let about =
        if last > first { format!("Rows {} to {last} of {all}", first + 1) } else { format!("0 of {all} rows") };
    let order = Order { column: "state", is_descending: true };
    Table::new("connections", "Connections, the worst first", columns)
        .rows(rows)
        .empty(Empty::of(list, "No connection matches the filter.", &none_yet(page, "connection")))
        .list(list, order)
        .position(list, about, next)
        .live("health")
}

fn row(page: &Page, one: &ConnectionHealth) -> Row {
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let health = &one.health;
    let (spark, strip) = match &one.charts {
        Some(charts) => {
            // The chart has the checks that passed.
            let has_passed = charts.checks.iter().any(|check| check.result != HealthState::Failing);
            let spark = if has_passed { Cell::spark(latency(charts, page.zone())) } else { Cell::unknown() };
            (spark, Cell::strip(days(charts, page.now(), offset(page)).small()))
        }
        None => (Cell::unknown(), Cell::unknown()),
    };
    let detail = health.last_error.as_deref().or(health.notice.as_deref());
    let detail = one.site_inactive.as_deref().or(detail);
    // Cause and cure are those of a connection that fails now.
    let fails = one.site_inactive.is_none() && health.state == HealthState::Failing;
    let explained =
        |text: &Option<String>| Cell::text_or_unknown(text.as_deref().filter(|_| fails).unwrap_or_default());
    Row::new([
        Cell::link(page.href(&address(one.id)), &one.name),
        Cell::text(&one.site),
        Cell::badge(Badge::of_health(health.state)),
        when(health.since),
        health.last_proof_at.map_or_else(Cell::unknown, when),
        Cell::number(percent(one.uptime_month)),
        spark,
        strip,
        one.latency_day.map_or_else(Cell::unknown, |latency| Cell::number(latency.p95_ms)),
        Cell::number(percent(one.uptime_day)),
        Cell::number(percent(one.uptime_week)),
        detail.map_or_else(Cell::unknown, Cell::text),
        explained(&one.last_error_cause),
        explained(&one.last_error_cure),
        Cell::text_or_unknown(&one.server),
        one.agent.as_deref().map_or_else(|| Cell::text("Direct"), Cell::text),
        one.tenant.as_deref().map_or_else(Cell::unknown, Cell::text),
        one.next_due_at.map_or_else(|| Cell::text("No check is due"), when),
        Cell::text(health.alerted.map_or("None", |reason| reason.as_str())),
    ])
}

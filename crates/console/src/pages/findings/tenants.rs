//! `GET /findings/tenants`: the findings of each tenant, with the result of its last reading.

use std::collections::{HashMap, HashSet};

use axum::Router;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use soar_host::operations::CollectionShown;
use soar_store::model::{ConnectionId, FindingSnapshot, Right, SnapshotStatus};
use soar_store::{FindingFilter, FindingGroup, FindingGrouping};

use super::{FindingsView, remove, score};
use crate::parts::{Badge, Cell, Column, ContentPage, Empty, LinkButton, Meaning, Row, Table, When};
use crate::routing::get;
use crate::visit::{Page, PageError, PageResult};

pub(super) fn routes() -> Router {
    Router::new().route("/findings/tenants", get(show))
}

async fn show(page: Page) -> PageResult {
    let context = page.context()?;
    let last = page.operations().finding_tenants(context).await?;
    let filter = FindingFilter::default();
    let groups = page.operations().finding_groups(context, &filter, FindingGrouping::Tenant, 0, i64::MAX).await?;
    let groups: HashMap<_, _> = groups.into_iter().map(|one| ((one.connection_id, one.key.clone()), one)).collect();
    let under_way = under_way(&page).await?;
    let connections = last.iter().chain(under_way.iter().flatten()).map(|one| one.connection_id);
    let names = page.operations().names_of_connections(context, connections.collect()).await?;
    let under_way = under_way.map(|tenants| collection(&tenants, &names));
    let may_collect = page.may_somewhere(Right::UseConnections);
    let collect = may_collect.then(|| LinkButton::new(page.href("/findings/collect"), "Collect now").dialog());
    let managed = managed(&page, &last).await?;
    let rows = last.iter().map(|one| {
        let group = groups.get(&(one.connection_id, one.tenant.clone()));
        let remove = removal(&page, one, &managed);
        Row::new(tenant(&page, one, group, &names).into_iter().chain(remove))
    });
    let columns = [
        Column::text("tenant", "Tenant"),
        Column::text("connection", "Connection").wide(),
        Column::number("open", "Open"),
        Column::number("cvss", "Highest CVSS").wide(),
        Column::number("devices", "Devices").wide(),
        Column::text("reading", "Last reading"),
        Column::text("ended", "Ended"),
        Column::number("new", "New").wide(),
        Column::number("fixed", "Fixed").wide(),
        Column::text("problem", "Problem").long(),
    ];
    let remove = (!managed.is_empty()).then(|| Column::text("remove", "Remove").unexported());
    let columns = columns.into_iter().chain(remove);
    let table = Table::new("tenants", "Findings by tenant", columns).rows(rows).live("findings");
    let table = table.empty(nothing_collected(&page, Empty::new("No findings were collected yet.")));
    let purpose = "Findings are collected by tenant. Each row shows what the last reading of a tenant found.";
    let frame = page.main_frame("Findings", purpose);
    let content = ContentPage::new(frame).action(collect).with(FindingsView::Tenants.tabs(&page));
    page.show(&content.with_some(under_way).with(table))
}

/// The text in place of findings if there are none, with a link to collect them.
pub(super) fn nothing_collected(page: &Page, empty: Empty) -> Empty {
    if page.may_somewhere(Right::UseConnections) {
        empty.action(page.href("/findings/collect"), "Collect them now")
    } else {
        empty
    }
}

/// The connections of these tenants that the user manages.
async fn managed(page: &Page, tenants: &[FindingSnapshot]) -> Result<HashSet<ConnectionId>, PageError> {
    if !page.may_somewhere(Right::ManageConnections) {
        return Ok(HashSet::new());
    }
    let connections = tenants.iter().map(|one| one.connection_id).collect::<HashSet<_>>().into_iter().collect();
    Ok(page.operations().managed_connections(page.context()?, connections).await?)
}

/// The link that removes a tenant. `None` if the table has no such links.
fn removal(page: &Page, one: &FindingSnapshot, managed: &HashSet<ConnectionId>) -> Option<Cell> {
    let text = || format!("Remove {}", remove::name(&one.tenant_name));
    let address = || page.href(&remove::address(one.connection_id, &one.tenant));
    let is_managed = managed.contains(&one.connection_id);
    (!managed.is_empty()).then(|| if is_managed { Cell::dialog(address(), &text()) } else { Cell::unknown() })
}

/// The cells about a tenant.
fn tenant(
    page: &Page,
    one: &FindingSnapshot,
    group: Option<&FindingGroup>,
    names: &HashMap<ConnectionId, String>,
) -> Vec<Cell> {
    let name = remove::name(&one.tenant_name);
    let link = page.href(&format!("/findings?tenant={}", utf8_percent_encode(&one.tenant_name, NON_ALPHANUMERIC)));
    // A tenant that was never read, or whose findings are not counted, has no known number of findings.
    let is_known = group.is_some() || (one.status == SnapshotStatus::Whole && one.rows_read == 0);
    let count = |value: fn(&FindingGroup) -> i64| {
        if is_known { Cell::number(group.map_or(0, value)) } else { Cell::unknown() }
    };
    vec![
        Cell::link(link, name),
        Cell::text_or_unknown(names.get(&one.connection_id).map_or("", String::as_str)),
        count(|group| group.open),
        score(group.map(|group| group.worst_cvss)),
        count(|group| group.devices),
        Cell::badge(reading(one.status)),
        one.ended_at.map_or_else(Cell::unknown, |at| Cell::when(When::new(at, page.zone(), page.now()))),
        Cell::number(if one.baseline { "Baseline".to_owned() } else { (one.opened + one.reopened).to_string() }),
        Cell::number(one.fixed),
        Cell::text_or_unknown(one.problem.as_deref().unwrap_or_default()),
    ]
}

/// The status of a reading.
fn reading(status: SnapshotStatus) -> Badge {
    let meaning = match status {
        SnapshotStatus::Waiting => Meaning::Neutral,
        SnapshotStatus::Running => Meaning::Active,
        SnapshotStatus::Whole => Meaning::Good,
        SnapshotStatus::Partial => Meaning::Warning,
        SnapshotStatus::Failed => Meaning::Bad,
    };
    Badge::new(status.as_str(), meaning)
}

/// The tenants of the collection under way, if there is one.
async fn under_way(page: &Page) -> Result<Option<Vec<FindingSnapshot>>, PageError> {
    let context = page.context()?;
    let Some(id) = page.operations().unfinished_collection(context).await? else { return Ok(None) };
    let CollectionShown { tenants, .. } = page.operations().finding_collection(context, id).await?;
    Ok(Some(tenants).filter(|tenants| !tenants.is_empty()))
}

/// The collection under way.
fn collection(tenants: &[FindingSnapshot], names: &HashMap<ConnectionId, String>) -> Table {
    let rows = tenants.iter().map(|one| {
        Row::new([
            Cell::text_or_unknown(&one.tenant_name),
            Cell::text_or_unknown(names.get(&one.connection_id).map_or("", String::as_str)),
            Cell::badge(reading(one.status)),
            Cell::number(one.rows_read),
            Cell::text_or_unknown(one.problem.as_deref().unwrap_or_default()),
        ])
    });
    let columns = [
        Column::text("tenant", "Tenant"),
        Column::text("connection", "Connection").wide(),
        Column::text("status", "Status"),
        Column::number("rows", "Findings read"),
        Column::text("problem", "Problem").long(),
    ];
    Table::new("under-way", "The collection under way", columns).rows(rows).live("findings")
}

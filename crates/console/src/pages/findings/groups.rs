//! `GET /findings/devices` and `GET /findings/cves`: the findings of each device and of each CVE, the most open ones first.

use axum::Router;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use soar_store::{FindingGroup, FindingGrouping};

use super::list::{filters, narrowed};
use super::{FindingsView, score};
use crate::export;
use crate::parts::{Cell, Column, ContentPage, Empty, Row, Table, When};
use crate::routing::get;
use crate::visit::{ListState, Order, Page, PageError, PageResult};

/// The number of groups on a page.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/findings/devices", get(devices))
        .route("/findings/devices.csv", get(download_devices))
        .route("/findings/cves", get(cves))
        .route("/findings/cves.csv", get(download_cves))
}

async fn devices(page: Page, list: ListState) -> PageResult {
    show(page, list, FindingsView::Devices, FindingGrouping::Device).await
}

async fn cves(page: Page, list: ListState) -> PageResult {
    show(page, list, FindingsView::Cves, FindingGrouping::Cve).await
}

async fn download_devices(page: Page, list: ListState) -> PageResult {
    download(page, list, "findings-by-device", FindingGrouping::Device).await
}

async fn download_cves(page: Page, list: ListState) -> PageResult {
    download(page, list, "findings-by-cve", FindingGrouping::Cve).await
}

async fn show(page: Page, list: ListState, view: FindingsView, grouping: FindingGrouping) -> PageResult {
    let (table, next) = read(&page, &list, grouping, list.offset(), ROWS).await?;
    let first = list.offset();
    let about = match table.texts().count() {
        0 => "No rows".to_owned(),
        shown => format!("Rows {} to {}, those with the most open findings first", first + 1, first + shown),
    };
    let filter = filters(&page, &list).await?;
    let purpose = "Groups show how many findings each device or CVE has. Open one to see its findings.";
    let content = ContentPage::new(page.main_frame("Findings", purpose)).with(view.tabs(&page)).with(filter);
    page.show(&content.with(table.position(&list, about, next)))
}

async fn download(page: Page, list: ListState, name: &'static str, grouping: FindingGrouping) -> PageResult {
    export::csv(page, name, move |page, position| {
        let list = list.clone();
        async move {
            let first = position.and_then(|position| position.parse().ok()).unwrap_or(0);
            read(&page, &list, grouping, first, export::ROWS).await
        }
    })
    .await
}

/// Groups from a position on, and the position after them.
async fn read(
    page: &Page,
    list: &ListState,
    grouping: FindingGrouping,
    first: usize,
    limit: i64,
) -> Result<export::ExportRows, PageError> {
    let offset = i64::try_from(first).unwrap_or(i64::MAX);
    let found = page.operations().finding_groups(page.context()?, &narrowed(list)?, grouping, offset, limit).await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|shown| shown == limit);
    let next = is_full.then(|| (first + found.len()).to_string());
    let table = if grouping == FindingGrouping::Cve { by_cve(page, &found) } else { by_device(page, &found) };
    // A group has one order: the address of a heading would change nothing.
    let standard = if grouping == FindingGrouping::Cve { "cve" } else { "device" };
    let empty = Empty::of(list, "No finding matches the filter.", "No findings were collected yet.");
    Ok((table.empty(empty).list(list, Order { column: standard, is_descending: false }), next))
}

/// The address of the list of findings with one filter.
fn filtered(page: &Page, name: &str, value: &str) -> String {
    page.href(&format!("/findings?{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
}

fn by_device(page: &Page, found: &[FindingGroup]) -> Table {
    let rows = found.iter().map(|one| {
        let name = [&one.name, &one.address, &one.key].into_iter().find(|text| !text.is_empty()).unwrap_or(&one.key);
        // Devices of two tenants may have one name, but not one id.
        Row::new([
            Cell::link(filtered(page, "device", &one.key), name),
            Cell::number(one.open),
            score(Some(one.worst_cvss)),
            Cell::number(one.listed),
            Cell::text_or_unknown(&one.tenant_name),
            Cell::text_or_unknown(&one.address),
            Cell::when(When::new(one.changed_at, page.zone(), page.now())),
        ])
    });
    let columns = [
        Column::text("device", "Device"),
        Column::number("open", "Open"),
        Column::number("cvss", "Highest CVSS"),
        Column::number("all", "All findings").wide(),
        Column::text("tenant", "Tenant").wide(),
        Column::text("address", "Address").wide(),
        Column::text("changed", "Last change").wide(),
    ];
    table("Findings by device", columns, rows)
}

fn by_cve(page: &Page, found: &[FindingGroup]) -> Table {
    let rows = found.iter().map(|one| {
        let link = if one.key.is_empty() {
            Cell::text("Without a CVE")
        } else {
            Cell::link(filtered(page, "cve", &one.key), &one.key)
        };
        Row::new([
            link,
            Cell::number(one.open),
            Cell::number(one.devices),
            score(Some(one.worst_cvss)),
            Cell::number(one.listed),
            Cell::when(When::new(one.changed_at, page.zone(), page.now())),
        ])
    });
    let columns = [
        Column::text("cve", "CVE").code(),
        Column::number("open", "Open"),
        Column::number("devices", "Devices"),
        Column::number("cvss", "Highest CVSS"),
        Column::number("all", "All findings").wide(),
        Column::text("changed", "Last change").wide(),
    ];
    table("Findings by CVE", columns, rows)
}

fn table(
    caption: &'static str,
    columns: impl IntoIterator<Item = Column>,
    rows: impl IntoIterator<Item = Row>,
) -> Table {
    Table::new("groups", caption, columns).rows(rows).live("findings")
}

//! `GET /findings`: the findings as they were last read, with a search, filters and an order.

use axum::Router;
use soar_connector::FindingStatus;
use soar_host::operations::{FindingPage, KnownFindingShown};
use soar_store::model::status_text;
use soar_store::{FindingFilter, FindingOrder, FindingTotal};

use super::content::finding;
use super::tenants::nothing_collected;
use super::{FindingsView, about, address, device, name, score, severity, status};
use crate::export;
use crate::parts::{Cell, Column, ContentPage, Empty, Field, Filter, Row, Table, When, counted, grouped};
use crate::routing::get;
use crate::visit::{ListState, Order, Page, PageError, PageResult};

/// The number of findings on a page.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/findings", get(show))
        .route("/findings.csv", get(download_csv))
        .route("/findings.ndjson", get(download_ndjson))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let after = list.position().map(str::to_owned);
    let wanted = wanted(&list, after)?;
    let found = page.operations().list_findings(page.context()?, &wanted, ROWS).await?;
    let about = how_many(&page, &list, &wanted, &found).await?;
    let filter = filters(&page, &list).await?.with_ndjson(&list);
    let purpose = "Findings are the vulnerabilities that the products report. Open one to see its history.";
    let content = ContentPage::new(page.main_frame("Findings", purpose)).with(FindingsView::All.tabs(&page));
    let table = findings(&page, &list, &found)?.position(&list, about, found.next.clone());
    page.show(&content.with(filter).with(table))
}

async fn download_csv(page: Page, list: ListState) -> PageResult {
    export::csv(page, "findings", move |page, position| {
        let list = list.clone();
        async move {
            let wanted = wanted(&list, position)?;
            let found = page.operations().list_findings(page.context()?, &wanted, export::ROWS).await?;
            Ok((findings(&page, &list, &found)?, found.next))
        }
    })
    .await
}

async fn download_ndjson(page: Page, list: ListState) -> PageResult {
    export::ndjson(page, "findings", move |page, position| {
        let list = list.clone();
        async move {
            let wanted = wanted(&list, position)?;
            let found = page.operations().list_findings(page.context()?, &wanted, export::ROWS).await?;
            Ok((export::json_lines(&found.findings)?, found.next))
        }
    })
    .await
}

/// The filter in the address.
fn wanted(list: &ListState, after: Option<String>) -> Result<FindingFilter, PageError> {
    let order = list.order();
    let column = order.map(|order| order.column.parse::<FindingOrder>());
    Ok(FindingFilter {
        order: column.transpose().map_err(|_| PageError::bad_address("sort"))?,
        descending: order.is_some_and(|order| order.is_descending),
        after,
        ..narrowed(list)?
    })
}

/// The filter in the address, without an order.
pub(super) fn narrowed(list: &ListState) -> Result<FindingFilter, PageError> {
    let text = |name: &str| list.filter(name).map(str::to_owned);
    let with_gone = match list.filter("gone") {
        None => false,
        Some("yes") => true,
        Some(_) => return Err(PageError::bad_address("gone")),
    };
    let status = text("status");
    if status.as_deref().is_some_and(|given| STATES.iter().all(|state| status_text(*state) != given)) {
        return Err(PageError::bad_address("status"));
    }
    let (search, cve, device, tenant) = (text("q"), text("cve"), text("device"), text("tenant"));
    Ok(FindingFilter { search, cve, device, tenant, status, with_gone, ..FindingFilter::default() })
}

const STATES: [FindingStatus; 4] =
    [FindingStatus::Open, FindingStatus::Reopened, FindingStatus::Suppressed, FindingStatus::Fixed];

/// The fields above the list and above the groups.
pub(super) async fn filters(page: &Page, list: &ListState) -> Result<Filter, PageError> {
    let any = |text: &str| (String::new(), text.to_owned());
    let states = STATES.iter().map(|state| {
        let text = status_text(*state);
        (text.to_owned(), text[..1].to_uppercase() + &text[1..])
    });
    let mut tenants: Vec<String> =
        page.operations().finding_tenants(page.context()?).await?.into_iter().map(|one| one.tenant_name).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let tenants = std::iter::once(any("Any tenant")).chain(tenants.into_iter().map(|name| (name.clone(), name)));
    let mut fields = vec![
        Field::text("q", "Search").placeholder("CVE, title, software, device"),
        Field::choice("status", "Status", std::iter::once(any("Any status")).chain(states)),
        Field::choice("tenant", "Tenant", tenants),
        Field::choice("gone", "Gone findings", [("", "Leave out"), ("yes", "Show")]),
    ];
    // Groups lead to these.
    for (name, label) in [("device", "Device"), ("cve", "CVE")] {
        if list.filter(name).is_some() {
            fields.push(Field::text(name, label));
        }
    }
    Ok(Filter::new(list, fields).with_export(list))
}

/// How many of the findings that match the filter are on the page. The host counts only if the page does not have all.
async fn how_many(
    page: &Page,
    list: &ListState,
    wanted: &FindingFilter,
    found: &FindingPage,
) -> Result<String, PageError> {
    let shown = found.findings.len();
    if list.position().is_none() && found.next.is_none() {
        return Ok(counted(shown, "finding", "findings"));
    }
    let total = match page.operations().count_findings(page.context()?, wanted).await? {
        FindingTotal::Exactly(total) => grouped(total),
        FindingTotal::MoreThan(total) => format!("more than {}", grouped(total)),
        // The host may have counted fewer than the page has.
        FindingTotal::AtLeast(total) => format!("at least {}", grouped(total.max(ROWS))),
    };
    Ok(format!("{} of {total} findings", grouped(shown)))
}

fn findings(page: &Page, list: &ListState, found: &FindingPage) -> Result<Table, PageError> {
    let rows = found.findings.iter().map(|one| row(page, one)).collect::<Result<Vec<_>, _>>()?;
    let columns = [
        Column::text("cve", "CVE").code().sortable(),
        Column::text("about", "Title or software").long(),
        Column::text("severity", "Severity"),
        Column::number("cvss", "CVSS").sortable().highest_first().wide(),
        Column::text("device", "Device").sortable(),
        Column::text("tenant", "Tenant").wide(),
        Column::text("status", "Status"),
        Column::text("exploit", "Public exploit").wide(),
        Column::text("kev", "KEV").optional(),
        Column::number("epss", "EPSS").optional(),
        Column::text("changed", "Last change").sortable().highest_first().wide(),
        Column::text("first", "First read").sortable().highest_first().optional(),
        Column::text("title", "Title").optional(),
        Column::text("software", "Software").optional(),
        Column::text("address", "Address").optional(),
        Column::text("port", "Port").optional(),
        Column::text("tags", "Tags").optional(),
        Column::text("found", "First found").optional(),
    ];
    Ok(Table::new("findings", "Findings as they were last read", columns)
        .rows(rows)
        .empty(nothing_collected(
            page,
            Empty::of(list, "No finding matches the filter.", "No findings were collected yet."),
        ))
        .list(list, Order { column: "device", is_descending: false })
        .live("findings"))
}

fn row(page: &Page, one: &KnownFindingShown) -> Result<Row, PageError> {
    let known = &one.known;
    let finding = finding(&known.finding)?;
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let text = |text: &Option<String>| Cell::text_or_unknown(text.as_deref().unwrap_or_default());
    Ok(Row::new([
        Cell::link(page.href(&address(&known.finding_id)), &name(&finding)),
        about(&finding),
        severity(&finding),
        score(finding.cvss),
        Cell::text(device(&finding)),
        Cell::text_or_unknown(&known.tenant_name),
        Cell::badge(status(&finding, known.listed)),
        finding.exploit.map_or_else(Cell::unknown, Cell::yes_or_no),
        one.kev.as_ref().map_or_else(Cell::unknown, |kev| Cell::yes_or_no(kev.listed)),
        one.epss.as_ref().map_or_else(Cell::unknown, |epss| Cell::number(format!("{:.1} %", epss.score * 100.0))),
        when(known.changed_at),
        when(known.first_at),
        text(&finding.title),
        text(&finding.software),
        text(&finding.device_address),
        text(&finding.port),
        Cell::text_or_unknown(&finding.device_tags.join(", ")),
        text(&finding.first_found),
    ]))
}

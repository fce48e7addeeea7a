//! The changes of findings in the last day, for the first page.

use std::time::Duration;

use soar_host::operations::Span;
use soar_store::FindingSpan;
use soar_store::model::FindingChangeKind;

use super::content::finding;
use super::{address, device, kind, name, severity};
use crate::parts::{Cell, Column, Counts, Empty, Row, Table, When};
use crate::visit::{Page, PageError, if_allowed};

/// The time that counts as the last day.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The number of changes that are shown.
const ROWS: i64 = 8;

/// The kinds that the first page counts.
const KINDS: [FindingChangeKind; 4] =
    [FindingChangeKind::Opened, FindingChangeKind::Reopened, FindingChangeKind::Fixed, FindingChangeKind::Gone];

/// The changes of findings in the last day.
#[derive(Debug)]
pub(in crate::pages) struct News {
    pub(in crate::pages) counts: Counts,
    pub(in crate::pages) latest: Table,
}

/// The changes of findings in the last day. `None` where no findings are collected, or the user may see none.
pub(in crate::pages) async fn news(page: &Page) -> Result<Option<News>, PageError> {
    let Some(tenants) = if_allowed(page.operations().finding_tenants(page.context()?).await)? else { return Ok(None) };
    if tenants.is_empty() {
        return Ok(None);
    }
    let (from, to) = (page.now() - DAY, soar_store::model::Moment::MAX);
    let found = page.operations().finding_change_counts(page.context()?, Span { from, to }).await?;
    let mut counts = Counts::new("finding-kinds", "Findings in the last 24 hours").titled().live("findings");
    for one in KINDS {
        let count = found.iter().find(|count| count.kind == one).map_or(0, |count| count.changes);
        let href = page.href(&format!("/findings/changes?kind={}&baseline=no", one.as_str()));
        counts = counts.linked(kind(one), count, href);
    }
    let span = FindingSpan { from, to, kind: None, without_baseline: true, before: None };
    let (latest, _) = page.operations().finding_changes_in(page.context()?, &span, ROWS).await?;
    let rows = latest.iter().map(|one| {
        let finding = finding(&one.change.finding)?;
        Ok(Row::new([
            Cell::badge(kind(one.change.kind)),
            Cell::link(page.href(&address(&one.change.finding_id)), &name(&finding)),
            severity(&finding),
            Cell::text(device(&finding)),
            Cell::text_or_unknown(&one.change.tenant_name),
            Cell::when(When::new(one.change.at, page.zone(), page.now())),
        ]))
    });
    let columns = [
        Column::text("kind", "Change"),
        Column::text("finding", "CVE").code(),
        Column::text("severity", "Severity").wide(),
        Column::text("device", "Device"),
        Column::text("tenant", "Tenant").wide(),
        Column::text("at", "Time"),
    ];
    let rows = rows.collect::<Result<Vec<_>, PageError>>()?;
    let table = Table::new("finding-changes", "Latest changes of findings, 24 hours", columns).rows(rows);
    let table = table.live("findings").empty(Empty::new("No finding changed in the last 24 hours."));
    Ok(Some(News { counts, latest: table }))
}

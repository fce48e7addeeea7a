//! `GET /findings/changes`: the changes of one day, the latest first.

use axum::Router;
use jiff::ToSpan as _;
use jiff::civil::Date;
use soar_host::findings::formats::ChangeShown;
use soar_host::operations::Span;
use soar_store::FindingSpan;
use soar_store::model::{FindingChangeKind, FindingSequence, Moment};

use super::content::finding;
use super::{FindingsView, address, device, kind, name, severity};
use crate::export;
use crate::parts::{
    Badge, Cell, Column, ContentPage, Counts, Empty, Field, Filter, LinkButton, Meaning, Row, Table, When, counted,
};
use crate::routing::get;
use crate::visit::{ListState, Order, Page, PageError, PageResult};

/// The number of changes on a page.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/findings/changes", get(show))
        .route("/findings/changes.csv", get(download_csv))
        .route("/findings/changes.ndjson", get(download_ndjson))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let (day, span) = (day(&page, &list)?, span(&page, &list)?);
    let has_day_after = span.to <= page.now();
    let (found, next) = page.operations().finding_changes_in(page.context()?, &span, ROWS).await?;
    let filter = filter(&list, day);
    let purpose = "Changes are the findings of a day that are new, changed, fixed, gone or reopened.";
    let content = ContentPage::new(page.main_frame("Findings", purpose))
        .action(day.yesterday().ok().map(|day| day_link(&list, day, "← Day before")))
        .action(day.tomorrow().ok().filter(|_| has_day_after).map(|day| day_link(&list, day, "Day after →")))
        .with(FindingsView::Changes.tabs(&page))
        .with(counts(&page, &list, span).await?)
        .with(filter);
    let about = format!("{}, the latest first", counted(found.len(), "change", "changes"));
    let next = next.map(|next| next.to_string());
    page.show(&content.with(changes(&page, &list, day, &found)?.position(&list, about, next)))
}

async fn download_csv(page: Page, list: ListState) -> PageResult {
    span(&page, &list)?;
    export::csv(page, "finding-changes", move |page, position| {
        let list = list.clone();
        async move {
            let (found, next) = read(&page, &list, position).await?;
            Ok((changes(&page, &list, day(&page, &list)?, &found)?, next))
        }
    })
    .await
}

async fn download_ndjson(page: Page, list: ListState) -> PageResult {
    span(&page, &list)?;
    export::ndjson(page, "finding-changes", move |page, position| {
        let list = list.clone();
        async move {
            let (found, next) = read(&page, &list, position).await?;
            Ok((export::json_lines(&found)?, next))
        }
    })
    .await
}

/// The changes of an export before a position.
async fn read(
    page: &Page,
    list: &ListState,
    position: Option<String>,
) -> Result<(Vec<ChangeShown>, Option<String>), PageError> {
    let before = position.and_then(|position| position.parse().ok());
    let span = FindingSpan { before, ..span(page, list)? };
    let (found, next) = page.operations().finding_changes_in(page.context()?, &span, export::ROWS).await?;
    Ok((found, next.map(|next| next.to_string())))
}

/// The day in the address; today unless given.
fn day(page: &Page, list: &ListState) -> Result<Date, PageError> {
    match list.read::<Date>("day")? {
        Some(day) => Ok(day),
        None => {
            let now = jiff::Timestamp::from_millisecond(page.now().0).map_err(|error| PageError::defect(&error))?;
            Ok(now.to_zoned(page.zone().clone()).date())
        }
    }
}

/// The changes in the address. A day begins at midnight in the page's time zone.
fn span(page: &Page, list: &ListState) -> Result<FindingSpan, PageError> {
    let day = day(page, list)?;
    let out_of_range = |_| PageError::bad_address("day");
    let start = |day: Date| -> Result<Moment, jiff::Error> {
        Ok(Moment(day.to_zoned(page.zone().clone())?.timestamp().as_millisecond()))
    };
    let from = start(day).map_err(out_of_range)?;
    let to = day.checked_add(1.day()).and_then(start).map_err(out_of_range)?;
    let without_baseline = match list.filter("baseline") {
        None => false,
        Some("no") => true,
        Some(_) => return Err(PageError::bad_address("baseline")),
    };
    let before = list.read::<i64>("from")?.map(FindingSequence);
    Ok(FindingSpan { from, to, kind: list.read::<FindingChangeKind>("kind")?, without_baseline, before })
}

fn day_link(list: &ListState, day: Date, text: &str) -> LinkButton {
    LinkButton::new(list.with("day", Some(&day.to_string())), text).plain()
}

/// The number of changes of each kind, as links to these changes.
async fn counts(page: &Page, list: &ListState, span: FindingSpan) -> Result<Counts, PageError> {
    let times = Span { from: span.from, to: span.to };
    let found = page.operations().finding_change_counts(page.context()?, times).await?;
    let mut counts = Counts::new("kinds", "Changes by kind").live("findings");
    for one in FindingChangeKind::ALL {
        let count = found.iter().find(|count| count.kind == *one).map_or(0, |count| count.changes);
        let href = list.changed(&[("kind", Some(one.as_str())), ("baseline", Some("no"))]);
        counts = counts.linked(kind(*one), count, href);
    }
    let baseline = found.iter().map(|count| count.baseline).sum::<i64>();
    if baseline > 0 {
        counts = counts.count(Badge::new("Baseline", Meaning::Neutral), baseline);
    }
    Ok(counts)
}

fn filter(list: &ListState, day: Date) -> Filter {
    let kinds = FindingChangeKind::ALL.iter().map(|one| (one.as_str(), kind(*one).text().to_owned()));
    let kinds = std::iter::once(("", "Any kind".to_owned())).chain(kinds);
    let fields = [
        Field::date("day", "Day"),
        Field::choice("kind", "Kind", kinds),
        Field::choice("baseline", "Baseline", [("", "Show"), ("no", "Leave out")]),
    ];
    Filter::new(list, fields).with_default("day", day.to_string()).with_export(list).with_ndjson(list)
}

fn changes(page: &Page, list: &ListState, day: Date, found: &[ChangeShown]) -> Result<Table, PageError> {
    let rows = found.iter().map(|one| row(page, one)).collect::<Result<Vec<_>, _>>()?;
    let columns = [
        Column::text("kind", "Change"),
        Column::text("baseline", "Baseline").wide(),
        Column::text("finding", "CVE").code(),
        Column::text("severity", "Severity").wide(),
        Column::text("device", "Device"),
        Column::text("tenant", "Tenant").wide(),
        Column::text("what", "What changed").long(),
        Column::text("at", "Time"),
        Column::text("connection", "Connection").optional(),
        Column::number("sequence", "Sequence").optional(),
    ];
    Ok(Table::new("changes", format!("Changes on {}", day.strftime("%-d %b %Y")), columns)
        .rows(rows)
        .empty(Empty::new("Nothing changed on this day, as far as findings were collected."))
        .list(list, Order { column: "at", is_descending: true })
        .live("findings"))
}

fn row(page: &Page, one: &ChangeShown) -> Result<Row, PageError> {
    let change = &one.change;
    let finding = finding(&change.finding)?;
    let baseline =
        if change.baseline { Cell::badge(Badge::new("Baseline", Meaning::Neutral)) } else { Cell::unknown() };
    Ok(Row::new([
        Cell::badge(kind(change.kind)),
        baseline,
        Cell::link(page.href(&address(&change.finding_id)), &name(&finding)),
        severity(&finding),
        Cell::text(device(&finding)),
        Cell::text_or_unknown(&change.tenant_name),
        Cell::text_or_unknown(&what_changed(change)?),
        Cell::when(When::new(change.at, page.zone(), page.now())),
        Cell::text(&one.connection),
        Cell::number(change.sequence),
    ]))
}

/// The changed fields, or the reason of a finding that is gone.
pub(super) fn what_changed(change: &soar_store::model::FindingChange) -> Result<String, PageError> {
    #[derive(serde::Deserialize)]
    struct FieldDifference {
        field: String,
        from: serde_json::Value,
        to: serde_json::Value,
    }
    let fields: Vec<FieldDifference> =
        serde_json::from_str(change.fields.get()).map_err(|error| PageError::defect(&error))?;
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::Null => "unknown".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let fields = fields.iter().map(|one| format!("{}: {} → {}", one.field, text(&one.from), text(&one.to)));
    let reason = change.reason.iter().map(|reason| format!("Reason: {reason}"));
    Ok(reason.chain(fields).collect::<Vec<_>>().join("\n"))
}

//! `GET /incidents/{number}`: an incident with its fields, findings, tasks, links and history.

use axum::Router;
use soar_host::views::WholeIncident;
use soar_store::model::{Link, Moment, Right};

use super::{bulk_command, panels};
use crate::pages::findings::{self, held, time};
use crate::pages::incident_parts::{address, links_table, status};
use crate::parts::{Badge, Cell, Column, ContentPage, Empty, Facts, JsonText, LinkButton, Row, Table, When, grouped};
use crate::routing::get;
use crate::visit::{Form, ListState, Page, PageError, PageResult, Path, if_allowed, segment};

/// The number of findings on a page.
const FINDINGS: usize = 100;

pub(super) fn routes() -> Router {
    Router::new().route("/incidents/{number}", get(show))
}

async fn show(page: Page, Path(number): Path<String>, list: ListState) -> PageResult {
    let whole = page.operations().incident(page.context()?, &number).await?;
    page.show(&incident(&page, &whole, &list, &Form::empty(), &Form::empty()).await?)
}

/// Whether the user may change the incident.
pub(super) async fn may_change(page: &Page, whole: &WholeIncident) -> Result<bool, PageError> {
    let sites = page.sites_with(Right::ChangeIncidents).await?;
    Ok(sites.iter().any(|site| site.name == whole.incident.site))
}

/// The page of an incident after a form of it was refused. It has the first findings.
pub(super) async fn refused(
    page: &Page,
    whole: &WholeIncident,
    tasks: &Form,
    links: &Form,
) -> Result<ContentPage, PageError> {
    let list = ListState::of(page.href(&address(&whole.incident.number)), "");
    incident(page, whole, &list, tasks, links).await
}

/// The page of an incident, with the findings that `list` names. A form that was refused is shown with its problems.
async fn incident(
    page: &Page,
    whole: &WholeIncident,
    list: &ListState,
    tasks: &Form,
    links: &Form,
) -> Result<ContentPage, PageError> {
    let one = &whole.incident;
    let own = address(&one.number);
    let title = if one.title.is_empty() { one.number.clone() } else { format!("{}: {}", one.number, one.title) };
    let frame = page.frame(title).below("Incidents", "/incidents");
    let may_change = may_change(page, whole).await?;
    let action = |text: &str, href: String| may_change.then(|| LinkButton::new(page.href(&href), text).plain());
    let close = soar_host::utility::command("CloseIncidentInBulk").filter(|_| one.closed_at.is_none());
    let close = close.and_then(|(command, _)| {
        action("Close", format!("{}?number={}", bulk_command::address(command), segment(&one.number)))
    });
    let unlink = soar_host::utility::command("RemoveLinkedIncidents").filter(|_| !whole.linked_incidents.is_empty());
    let unlink = unlink.and_then(|(command, _)| {
        let numbers = whole.linked_incidents.iter().map(|link| format!("&number={}", segment(&link.number)));
        let numbers: String = numbers.take(100).collect();
        action("Remove links", format!("{}?source={}{numbers}", bulk_command::address(command), segment(&one.number)))
    });
    let tasks = if may_change {
        panels::tasks(&frame, whole, tasks).map(crate::parts::Block::from)
    } else {
        (!whole.tasks.is_empty()).then(|| task_table(whole).into())
    };
    let link = may_change.then(|| panels::link(&frame, &own, links));
    Ok(ContentPage::new(frame)
        .action(unlink)
        .action(close)
        .action(action("Change", format!("{own}/change")))
        .with(facts(page, whole))
        .with_some(held_findings(page, whole, list).await?)
        .with_some(tasks)
        .with_some(fields(whole))
        .with(links_table(page, "linked-incidents", "Linked incidents", "/incidents", &whole.linked_incidents))
        .with_some(link)
        .with(links_table(page, "cases", "Cases", "/cases", &whole.cases))
        .with(history(page, whole))
        .with_some(raw_data(whole)))
}

fn facts(page: &Page, whole: &WholeIncident) -> Facts {
    let one = &whole.incident;
    let when =
        |at: Option<Moment>| at.map_or_else(Cell::unknown, |at| Cell::when(When::new(at, page.zone(), page.now())));
    let text = |text: &str| Cell::text_or_unknown(text);
    Facts::new("fields", "Fields")
        .fact("Number", text(&one.number))
        .fact("Title", text(&one.title))
        .fact("Status", Cell::badge(status(one.status)))
        .fact("Severity", Cell::badge(Badge::of_severity(one.severity.as_str())))
        .fact("Type", text(&one.incident_type))
        .fact("Site", text(&one.site))
        .fact("Owner", text(one.owner.as_deref().unwrap_or_default()))
        .fact("Assignee", text(one.assignee.as_deref().unwrap_or_default()))
        .fact("Due", when(one.due_at))
        .fact("Disposition", text(&whole.disposition))
        .fact("Description", text(&whole.description))
        .fact("Conclusion", text(&whole.conclusion))
}

/// A page of the findings that the incident holds; `None` if it holds no finding. A finding leads to its page, if the
/// user may see it.
async fn held_findings(page: &Page, whole: &WholeIncident, list: &ListState) -> Result<Option<Table>, PageError> {
    let (all, first) = (&whole.findings, list.offset());
    if all.is_empty() {
        return Ok(None);
    }
    let shown = || all.iter().skip(first).take(FINDINGS);
    let ids: Vec<String> = shown().map(|one| one.finding_id.clone()).collect();
    let known = if_allowed(page.operations().known_findings(page.context()?, &ids).await)?.unwrap_or_default();
    let rows = shown().map(|one| {
        let name = if known.contains(&one.finding_id) {
            Cell::link(page.href(&findings::address(&one.finding_id)), &one.cve)
        } else {
            Cell::text(&one.cve)
        };
        Row::new([
            name,
            Cell::text_or_unknown(&one.device),
            Cell::text_or_unknown(&one.address),
            Cell::text_or_unknown(&one.tenant),
            Cell::badge(held(one.status)),
            time(page, &one.first_seen),
            Cell::text_or_unknown(&one.evidence),
        ])
    });
    let columns = [
        Column::text("cve", "CVE"),
        Column::text("device", "Device"),
        Column::text("address", "Address").wide(),
        Column::text("tenant", "Tenant").wide(),
        Column::text("status", "Status"),
        Column::text("seen", "First seen").wide(),
        Column::text("evidence", "Evidence").long(),
    ];
    let table = Table::new("findings", "Findings", columns).rows(rows).live("findings");
    let table = table.empty(Empty::new("There are no further findings."));
    let end = first.saturating_add(FINDINGS).min(all.len());
    let start = first.saturating_add(1).min(end);
    let mut about = format!("Findings {} to {} of {}", grouped(start), grouped(end), grouped(whole.finding_count));
    if i64::try_from(all.len()).is_ok_and(|read| read < whole.finding_count) {
        about.push_str(&format!(". The page has the first {}.", grouped(all.len())));
    }
    Ok(Some(table.position(list, about, (end < all.len()).then(|| end.to_string()))))
}

fn task_table(whole: &WholeIncident) -> Table {
    let rows = whole
        .tasks
        .iter()
        .map(|task| Row::new([Cell::text(&task.name), Cell::yes_or_no(task.required), Cell::yes_or_no(task.done)]));
    let columns = [Column::text("task", "Task"), Column::text("required", "Required"), Column::text("done", "Done")];
    Table::new("tasks", "Tasks", columns).rows(rows)
}

fn fields(whole: &WholeIncident) -> Option<Table> {
    let rows = whole.fields.iter().map(|field| {
        Row::new([
            Cell::text_or_unknown(&field.section),
            Cell::text(&field.name),
            field.value.as_deref().map_or_else(Cell::unknown, Cell::text),
            Cell::yes_or_no(field.required_on_close),
        ])
    });
    let columns = [
        Column::text("section", "Section"),
        Column::text("field", "Field"),
        Column::text("value", "Value"),
        Column::text("required", "Required on close").wide(),
    ];
    (!whole.fields.is_empty()).then(|| Table::new("dynamic-fields", "Dynamic fields", columns).rows(rows))
}

/// The known history: the host stores the time of each link and of the last change.
fn history(page: &Page, whole: &WholeIncident) -> Table {
    let one = &whole.incident;
    let mut events = vec![(one.created_at, "Created".to_owned(), whole.creator.clone())];
    let linked = |link: &Link, what: &str| {
        (link.linked_at, format!("Linked with {what} {}", link.number), link.linked_by.clone())
    };
    events.extend(whole.linked_incidents.iter().map(|link| linked(link, "the incident")));
    events.extend(whole.cases.iter().map(|link| linked(link, "the case")));
    if let Some(at) = one.closed_at {
        events.push((at, "Closed".to_owned(), one.closed_by.clone().unwrap_or_default()));
    }
    if one.modified_at != one.created_at && one.closed_at != Some(one.modified_at) {
        events.push((one.modified_at, "Last change".to_owned(), String::new()));
    }
    events.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let rows = events.iter().map(|(at, what, who)| {
        Row::new([Cell::when(When::new(*at, page.zone(), page.now())), Cell::text(what), Cell::text_or_unknown(who)])
    });
    let columns = [Column::text("at", "Time"), Column::text("event", "Event"), Column::text("user", "User")];
    Table::new("history", "History, the latest first", columns).rows(rows)
}

fn raw_data(whole: &WholeIncident) -> Option<JsonText> {
    whole.raw_data.as_ref().map(|raw| JsonText::new("raw-data", "Raw data", raw.get()))
}

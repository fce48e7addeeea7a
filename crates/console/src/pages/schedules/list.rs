//! `GET /schedules`: the schedules of commands, by name.

use axum::Router;
use soar_host::scheduler::ScheduleShown;
use soar_store::model::Right;

use crate::export;
use crate::pages::named::none_yet;
use crate::parts::{
    Badge, Cell, Column, ContentPage, Empty, Field, Filter, LinkButton, Meaning, Row, Table, When, counted,
};
use crate::routing::get;
use crate::visit::{ListState, Page, PageError, PageResult};

/// The most schedules on the page. A search finds the others.
const MOST: usize = 200;

pub(super) fn routes() -> Router {
    Router::new().route("/schedules", get(show)).route("/schedules.csv", get(download))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let found = read(&page, &list).await?;
    let any = (String::new(), "Any site".to_owned());
    let sites = page.sites_with(Right::UseConnections).await?;
    let sites = std::iter::once(any).chain(sites.iter().map(|site| (site.name.clone(), site.name.clone())));
    let fields = [
        Field::text("q", "Search").placeholder("Name, command or connection"),
        Field::choice("site", "Site", sites),
        Field::choice("state", "State", [("", "Any state"), ("failed", "Failed"), ("inactive", "Inactive")]),
    ];
    let filter = Filter::new(&list, fields).with_export(&list);
    let may_create = page.may_somewhere(Right::UseConnections);
    let create = may_create.then(|| LinkButton::new(page.href("/schedules/new"), "+ New Schedule"));
    let about = match found.len() {
        count if count > MOST => format!("{MOST} of {count} schedules. Search for the others."),
        count => counted(count, "schedule", "schedules"),
    };
    let table =
        schedules(&page, &list, &found[..found.len().min(MOST)]).position(&list, about, None).live("runs health");
    let purpose = if may_create {
        "Schedules run a command on a connection again and again. Create one, or open one to run it now."
    } else {
        "Schedules run a command on a connection again and again."
    };
    page.show(&ContentPage::new(page.main_frame("Schedules", purpose)).action(create).with(filter).with(table))
}

async fn download(page: Page, list: ListState) -> PageResult {
    export::csv(page, "schedules", move |page, _| {
        let list = list.clone();
        async move {
            let found = read(&page, &list).await?;
            Ok((schedules(&page, &list, &found), None))
        }
    })
    .await
}

async fn read(page: &Page, list: &ListState) -> Result<Vec<ScheduleShown>, PageError> {
    let text = list.filter("q").map(str::to_lowercase).unwrap_or_default();
    let has_text = |one: &ScheduleShown| {
        [&one.name, &one.command, &one.connection].iter().any(|part| part.to_lowercase().contains(&text))
    };
    let has_state = |one: &ScheduleShown| match list.filter("state") {
        Some("failed") => one.failed,
        Some("inactive") => !one.active,
        _ => true,
    };
    let mut schedules = page.operations().list_schedules(page.context()?, list.filter("site")).await?;
    schedules.retain(|one| has_text(one) && has_state(one));
    Ok(schedules)
}

/// The state of a schedule.
pub(super) fn state(one: &ScheduleShown) -> Badge {
    match (one.active && one.site_inactive.is_none(), one.failed, one.last_run_at) {
        (false, ..) => Badge::new("Inactive", Meaning::Neutral),
        (_, true, _) => Badge::new("Failed", Meaning::Bad),
        (.., None) => Badge::new("Never ran", Meaning::Neutral),
        (.., Some(_)) => Badge::new("Successful", Meaning::Good),
    }
}

/// When a schedule is due.
pub(super) fn cadence(one: &ScheduleShown) -> String {
    match (one.every_minutes, &one.cron) {
        (Some(minutes), _) => format!("Every {minutes} min"),
        (None, Some(cron)) => format!("{cron} ({})", one.time_zone.as_deref().unwrap_or("UTC")),
        (None, None) => String::new(),
    }
}

fn schedules(page: &Page, list: &ListState, found: &[ScheduleShown]) -> Table {
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let rows = found.iter().map(|one| {
        Row::new([
            Cell::link(page.href(&format!("/schedules/{}", one.id)), &one.name),
            Cell::badge(state(one)),
            Cell::text(&one.command),
            Cell::text(&one.connection),
            Cell::text(&cadence(one)),
            one.next_due_at.map_or_else(Cell::unknown, when),
            one.last_run_at.map_or_else(Cell::unknown, when),
            Cell::text(&one.site),
            Cell::text_or_unknown(&one.user),
        ])
    });
    let columns = [
        Column::text("name", "Name"),
        Column::text("state", "Last run"),
        Column::text("command", "Command"),
        Column::text("connection", "Connection").wide(),
        Column::text("cadence", "When").wide(),
        Column::text("next", "Next run"),
        Column::text("last", "Ended").wide(),
        Column::text("site", "Site").wide(),
        Column::text("user", "User").wide(),
    ];
    let empty = Empty::of(list, "No schedule matches the filter.", &none_yet(page, "schedule"));
    Table::new("schedules", "Schedules", columns).rows(rows).empty(empty)
}

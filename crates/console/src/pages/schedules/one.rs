//! `/schedules/{id}`: a schedule with its log and the form that changes it.

use axum::Router;
use soar_host::scheduler::{ScheduleChange, ScheduleShown};
use soar_store::model::{Right, ScheduleId, ScheduleRunId, ScheduleRunStatus};

use super::fields::{ScheduleValues, fields, refused};
use super::list::{cadence, state};
use crate::parts::{
    Badge, Cell, Column, ContentPage, Empty, Facts, Field, FormPanel, LinkButton, Meaning, Row, Table, When, beginning,
    counted, on_lines, was_changed_meanwhile,
};
use crate::routing::form;
use crate::visit::{Form, ListState, Notice, Order, Page, PageError, PageResult, Path};

/// The number of runs in the log on a page.
const ROWS: i64 = 25;

pub(super) fn routes() -> Router {
    Router::new().route("/schedules/{id}", form(show, save))
}

async fn show(page: Page, Path(id): Path<ScheduleId>, list: ListState) -> PageResult {
    let schedule = page.operations().schedule(page.context()?, id).await?;
    let shown = shown(&page, &schedule, &Form::empty(), &list).await?;
    page.show(&shown)
}

async fn save(page: Page, Path(id): Path<ScheduleId>, list: ListState, mut form: Form) -> PageResult {
    let schedule = changeable(&page, id).await?;
    let name = form.required("name", "The name");
    let values = ScheduleValues::read(&mut form);
    if !was_changed_meanwhile(&mut form, &stored_fields(&schedule)) && !form.is_wrong() {
        let change = ScheduleChange {
            name: Some(name),
            parameters: (values.parameters != schedule.parameters).then_some(values.parameters),
            every_minutes: values.every_minutes,
            cron: values.cron,
            active: Some(values.active),
            alert_to: Some(values.alert_to),
            alert_after: Some(values.alert_after),
        };
        match page.operations().change_schedule(page.context()?, id, change).await {
            Ok(changed) => {
                let notice = Notice::done(format!("The schedule {} is changed.", changed.name));
                return page.lead_to(&format!("/schedules/{id}"), Some(notice));
            }
            Err(error) => refused(&page, &mut form, &[], error)?,
        }
    }
    let shown = shown(&page, &schedule, &form, &list).await?;
    page.show_again(&shown)
}

/// Whether the user may change, run and remove the schedule: it is the user's own, or the user manages connections on its
/// site.
async fn may_change(page: &Page, one: &ScheduleShown) -> Result<bool, PageError> {
    if one.user == page.session()?.user.name {
        return Ok(true);
    }
    Ok(page.sites_with(Right::ManageConnections).await?.iter().any(|site| site.name == one.site))
}

/// The schedule with this id, for a user who may change, run and remove it.
pub(super) async fn changeable(page: &Page, id: ScheduleId) -> Result<ScheduleShown, PageError> {
    let schedule = page.operations().schedule(page.context()?, id).await?;
    if may_change(page, &schedule).await? {
        return Ok(schedule);
    }
    let text = "This needs the right to manage connections on its site, or a schedule of your own. Ask an administrator \
                for it.";
    Err(PageError::forbidden(text))
}

fn stored_fields(one: &ScheduleShown) -> Vec<Field> {
    let name = Field::text("name", "Name").required().value(&one.name);
    std::iter::once(name).chain(fields(Some(one))).collect()
}

async fn shown(page: &Page, one: &ScheduleShown, form: &Form, list: &ListState) -> Result<ContentPage, PageError> {
    let own = format!("/schedules/{}", one.id);
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let frame = page.frame(&one.name).below("Schedules", "/schedules");
    let mut facts = Facts::new("schedule", "Schedule")
        .fact("Last run", Cell::badge(state(one)))
        .fact("Command", Cell::text(&one.command))
        .fact("Connection", Cell::text(&format!("{} ({})", one.connection, one.integration)))
        .fact("Site", Cell::text(&one.site))
        .fact("User", Cell::text_or_unknown(&one.user))
        .fact("When", Cell::text(&cadence(one)))
        .fact("Next run", one.next_due_at.map_or_else(|| Cell::text("None is due"), when))
        .fact("Last run ended", one.last_run_at.map_or_else(Cell::unknown, when));
    if let Some(why) = &one.site_inactive {
        facts = facts.fact("Inactive", Cell::text(why));
    }
    if let Some(error) = &one.last_error {
        facts = facts.fact("Error", Cell::text(error));
    }
    let may_change = may_change(page, one).await?;
    let change =
        may_change.then(|| FormPanel::new(&frame, "change", "Change", &own).stored_fields(form, stored_fields(one)));
    let run = may_change.then(|| LinkButton::new(page.href(&format!("{own}/run")), "Run now").dialog());
    let remove = may_change.then(|| LinkButton::new(page.href(&format!("{own}/remove")), "Remove").danger().dialog());
    let log = log(page, one, list).await?;
    Ok(ContentPage::new(frame).action(run).action(remove).with(facts).with(log).with_some(change))
}

async fn log(page: &Page, one: &ScheduleShown, list: &ListState) -> Result<Table, PageError> {
    let before = list.read::<i64>("from")?.map(ScheduleRunId);
    let log = page.operations().schedule_log(page.context()?, one.id, before, ROWS).await?;
    let rows = log.runs.iter().map(|run| {
        let meaning = match run.status {
            ScheduleRunStatus::Successful => Meaning::Good,
            ScheduleRunStatus::Failed => Meaning::Bad,
            ScheduleRunStatus::Interrupted => Meaning::Warning,
        };
        let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
        Row::new([
            when(run.started_at),
            Cell::badge(Badge::new(run.status.as_str(), meaning)),
            Cell::number(run.ended_at.milliseconds_since(run.started_at)),
            Cell::text_or_unknown(run.error.as_deref().unwrap_or_default()),
            Cell::text(&short(&on_lines(run.output.get()))),
            Cell::text(&run.request_id),
        ])
    });
    let columns = [
        Column::text("started", "Started"),
        Column::text("status", "Status"),
        Column::number("duration", "Duration, ms").wide(),
        Column::text("error", "Error").long(),
        Column::text("output", "Output").optional(),
        Column::text("request", "Request").optional(),
    ];
    let about = format!("{}, the latest first", counted(log.runs.len(), "run", "runs"));
    Ok(Table::new("log", "Log", columns)
        .rows(rows)
        .empty(Empty::new("The schedule has not run yet."))
        .list(list, Order { column: "started", is_descending: true })
        .position(list, about, log.next.map(|next| next.to_string()))
        .live("runs health"))
}

/// The beginning of a text, so that a page of the log stays small.
fn short(text: &str) -> String {
    const MOST: usize = 2_000;
    let cut = beginning(text, MOST).map(|cut| format!("{cut}… (cut; the run history has more)"));
    cut.unwrap_or_else(|| text.to_owned())
}

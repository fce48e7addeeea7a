//! The plan of a rule: what it would have done. `GET /findings/rules/{id}/plan` shows it for a rule that was added.

use axum::Router;
use soar_host::rules::{PlannedIncident, RulePlan};
use soar_store::model::FindingRuleId;

use super::fields::{DAYS, days_field};
use super::{LIST, address};
use crate::parts::{Badge, Cell, Column, ContentPage, Empty, Facts, Filter, Row, Table, When};
use crate::routing::get;
use crate::visit::{ListState, Page, PageResult, Path};

/// The most incidents on the page.
const MOST_SHOWN: usize = 200;

pub(super) fn routes() -> Router {
    Router::new().route("/findings/rules/{id}/plan", get(show))
}

async fn show(page: Page, Path(id): Path<FindingRuleId>, list: ListState) -> PageResult {
    let one = page.operations().finding_rule(page.context()?, id).await?;
    let days = list.filter("days").map_or(Ok(DAYS), str::parse).unwrap_or_default();
    // The host refuses a number of days that is out of bounds, and the page says so.
    let plan = page.operations().plan_known_finding_rule(page.context()?, id, days).await?;
    let frame = page.frame("What it would have done").below("Findings", "/findings").below("Rules", LIST);
    let frame = frame.below(&one.rule.name, &address(id));
    let filter = Filter::new(&list, [days_field()]);
    page.show(&ContentPage::new(frame).with(filter).with(facts(&page, &plan)).with(incidents(&plan)))
}

/// The counts of a plan.
pub(super) fn facts(page: &Page, plan: &RulePlan) -> Facts {
    let mut facts = Facts::new("plan", "What the rule would have done")
        .fact("Since", Cell::when(When::new(plan.from, page.zone(), page.now())))
        .fact("Changes looked at", Cell::number(plan.changes))
        .fact("Findings that meet the rule", Cell::number(plan.met))
        .fact("New incidents", Cell::number(plan.made))
        .fact("Appended to an open incident", Cell::number(plan.appended))
        .fact("Closed incidents", Cell::number(plan.closed))
        .fact("Beyond the limit per collection", Cell::number(plan.left_out));
    if plan.alerted > 0 {
        facts = facts.fact("Findings in alerts", Cell::number(plan.alerted));
    }
    if let Some(problem) = &plan.problem {
        facts = facts.fact("Problem", Cell::text(problem));
    }
    facts
}

/// The incidents of a plan.
pub(super) fn incidents(plan: &RulePlan) -> Table {
    let rows = plan.incidents.iter().take(MOST_SHOWN).map(|one: &PlannedIncident| {
        Row::new([
            Cell::text(&one.title),
            Cell::badge(Badge::of_severity(one.severity.as_str())),
            Cell::text_or_unknown(&one.site),
            Cell::text_or_unknown(&one.owner),
            Cell::number(one.finding_count),
        ])
    });
    let columns = [
        Column::text("title", "Title"),
        Column::text("severity", "Severity"),
        Column::text("site", "Site").wide(),
        Column::text("owner", "Owner").wide(),
        Column::number("findings", "Findings"),
    ];
    let more = plan.incidents.len().saturating_sub(MOST_SHOWN);
    let caption = match (more, plan.is_cut) {
        (0, false) => "Incidents of the plan".to_owned(),
        (0, true) => "Incidents of the plan (there are more)".to_owned(),
        (more, _) => format!("Incidents of the plan ({more} or more are not shown)"),
    };
    Table::new("planned", caption, columns).rows(rows).empty(Empty::new("It would have made no incident."))
}

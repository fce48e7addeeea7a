//! The plan of a command on many incidents: what it would change, and what it would refuse.

use soar_host::utility::{Plan, PlannedItem};

use super::bulk_command::Bulk;
use crate::pages::incident_parts::address;
use crate::parts::{Badge, Cell, Column, ContentPage, FormPanel, Meaning, Row, Table};
use crate::visit::{Form, Page};

/// The most items on the page: errors first, then changes.
const MOST_SHOWN: usize = 300;

/// The page of a plan. Its form applies the plan.
pub(super) fn shown(page: &Page, bulk: &Bulk, form: &Form, plan: &Plan, fingerprint: &'static str) -> ContentPage {
    let failing = plan.items.iter().filter(|item| item.error.is_some()).count();
    let changing = plan.items.iter().filter(|item| item.error.is_none() && !item.changes.is_empty()).count();
    let same = plan.items.len() - failing - changing;
    let mut items: Vec<&PlannedItem> = plan.items.iter().collect();
    items.sort_by_key(|item| (item.error.is_none(), item.changes.is_empty()));
    let more = items.len().saturating_sub(MOST_SHOWN);
    let rows = items.into_iter().take(MOST_SHOWN).map(|item| row(page, item));
    let columns = [
        Column::text("item", "Number"),
        Column::text("what", "What happens"),
        Column::text("changes", "Changes").long(),
    ];
    let caption = if more == 0 { "Plan".to_owned() } else { format!("Plan ({more} more items are not shown)") };
    let frame = bulk.frame(page);
    let text = format!(
        "Nothing is changed yet. {changing} will change, {same} stay as they are, {failing} cannot be changed."
    );
    let mut apply = FormPanel::new(&frame, "apply", "Apply the plan", &bulk.address())
        .text(text)
        .fields(form, [])
        .hidden(fingerprint, &plan.fingerprint)
        .button(format!("Apply to {changing}"))
        .back(page.href("/incidents"));
    for hidden in Bulk::hidden(form) {
        apply = apply.with_hidden(hidden);
    }
    if changing == 0 {
        apply = apply.without_button();
    }
    ContentPage::new(frame).with(apply).with(Table::new("plan", caption, columns).rows(rows))
}

fn row(page: &Page, item: &PlannedItem) -> Row {
    let changes = item.changes.iter().map(|change| {
        let from = if change.from.is_empty() { "nothing" } else { &change.from };
        format!("{}: {from} → {}", change.field, change.to)
    });
    let changes = changes.collect::<Vec<_>>().join("\n");
    let (badge, text) = match (&item.error, item.changes.is_empty()) {
        (Some(error), _) => (Badge::new("Cannot be changed", Meaning::Bad), error.clone()),
        (None, true) => (Badge::new("Stays as it is", Meaning::Neutral), String::new()),
        (None, false) => (Badge::new("Changes", Meaning::Active), changes),
    };
    Row::new([
        Cell::link(page.href(&address(&item.item)), &item.item),
        Cell::badge(badge),
        Cell::text_or_unknown(&text),
    ])
}

//! The rules that could not do something, for the first page.

use super::address;
use crate::parts::{Cell, Column, Row, Table, When};
use crate::visit::{Page, PageError, if_allowed};

/// The active rules that could not do something. `None` if there is none that the user may see.
pub(in crate::pages) async fn hindered(page: &Page) -> Result<Option<Table>, PageError> {
    let rules = if_allowed(page.operations().list_finding_rules(page.context()?).await)?.unwrap_or_default();
    let rows: Vec<Row> = rules
        .iter()
        .filter(|one| one.rule.active)
        .filter_map(|one| {
            let at = one.problem_at.map_or_else(Cell::unknown, |at| Cell::when(When::new(at, page.zone(), page.now())));
            Some(Row::new([
                Cell::link(page.href(&address(one.id)), &one.rule.name),
                at,
                Cell::text(one.problem.as_ref()?),
            ]))
        })
        .collect();
    let columns =
        [Column::text("rule", "Rule"), Column::text("since", "Since"), Column::text("problem", "Last problem").long()];
    let table =
        |rows| Table::new("hindered", "Rules on findings that have a problem", columns).rows(rows).live("findings");
    Ok((!rows.is_empty()).then(|| table(rows)))
}

//! Plans of bulk commands: a table of the planned changes, and the file of a plan.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use soar_connector::RawParameters;
use soar_host::utility::{Plan, PlannedItem};

use crate::exit::WrongUse;
use crate::printer::{Grid, Printer};

/// A plan with all that is needed to apply it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanFile {
    #[serde(flatten)]
    pub(super) plan: Plan,
    /// The site.
    pub(super) site: String,
    /// The user who made the plan.
    pub(super) user: String,
    pub(super) parameters: RawParameters,
}

impl PlanFile {
    pub(super) fn new(plan: Plan, site: &str, user: &str, parameters: RawParameters) -> Self {
        Self { plan, site: site.to_owned(), user: user.to_owned(), parameters }
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text =
            fs::read_to_string(path).map_err(|error| WrongUse(format!("The plan {shown} cannot be read: {error}.")))?;
        let parsed = serde_json::from_str(&text);
        Ok(parsed.map_err(|error| {
            WrongUse(format!("{shown} is not a plan: {error}.\nCreate one with --plan --output json > plan.json."))
        })?)
    }
}

/// Shows the planned change of each item, then the number of each kind.
pub(super) fn show(plan: &Plan, printer: &mut Printer) -> Result<()> {
    let mut grid = Grid::new(["Item", "Field", "From", "To"]).keeping_whole(1);
    for item in &plan.items {
        rows(item, &mut grid);
    }
    printer.grid(&grid)?;
    printer.line("")?;
    let count = |is: fn(&PlannedItem) -> bool| plan.items.iter().filter(|item| is(item)).count();
    let failing = count(|item| item.error.is_some());
    let changing = count(|item| item.error.is_none() && !item.changes.is_empty());
    let same = count(|item| item.error.is_none() && item.changes.is_empty());
    let mut parts = vec![format!("{changing} would change")];
    if failing > 0 {
        parts.push(format!("{failing} would fail"));
    }
    if same > 0 {
        parts.push(format!("{same} would stay as they are"));
    }
    let title = format!("{}: {}", plan.command, parts.join(", "));
    Ok(printer.line(&printer.bold(&title))?)
}

fn rows(item: &PlannedItem, grid: &mut Grid) {
    if let Some(error) = &item.error {
        grid.push([item.item.as_str(), "✘ fails", "", error]);
    } else if item.changes.is_empty() {
        grid.push([item.item.as_str(), "", "", "(stays as it is)"]);
    }
    for change in &item.changes {
        grid.push([&item.item, &change.field, &change.from, &change.to]);
    }
}

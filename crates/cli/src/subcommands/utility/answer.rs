//! Shows the answer of one of the host's own commands, for a person or a program.

use anyhow::Result;
use serde_json::{Map, Value};
use soar_connector::cell_text;
use soar_host::utility::{Answer, CommandResult, Rows};

use crate::exit::Exit;
use crate::printer::{Grid, OutputFormat, Printer};

/// Shows the answer. Its status is the exit code.
pub(super) fn show(answer: &Answer, form: OutputFormat, printer: &mut Printer) -> Result<Exit> {
    let exit = match answer.return_data {
        CommandResult::Successful => Exit::Successful,
        CommandResult::PartiallySuccessful | CommandResult::Failed => Exit::Failed,
    };
    if form == OutputFormat::Json {
        printer.json(answer)?;
        return Ok(exit);
    }
    let rows = answer.context_data.as_ref().map(Rows::values).unwrap_or_default();
    let rows: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
    match rows.as_slice() {
        [] => {}
        [only] => {
            let labels: Vec<(&str, String)> = columns(&rows)
                .into_iter()
                .map(|name| (name, only.get(name).map(cell_text).unwrap_or_default()))
                .collect();
            printer.details(only, OutputFormat::Table, &labels)?;
        }
        rows => printer.grid(&grid(rows))?,
    }
    if let (Some(shown), true) = (&answer.shown, rows.is_empty()) {
        printer.line(&cell_text(shown))?;
    }
    let ended = match answer.return_data {
        CommandResult::Successful => format!("{} Successful", printer.green("✔")),
        CommandResult::PartiallySuccessful => format!("{} Partially Successful", printer.red("✘")),
        CommandResult::Failed => format!("{} Failed", printer.red("✘")),
    };
    printer.line(&ended)?;
    if !answer.error.is_empty() {
        printer.error(&answer.error);
    }
    Ok(exit)
}

/// The names of all rows' members: first the row's subject, then its content, then its result.
fn columns<'a>(rows: &[&'a Map<String, Value>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        for name in row.keys() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    names.sort_by_key(|name| match *name {
        name if name.ends_with(" Number") => 0,
        "Title" => 1,
        "Result" => 3,
        "Error Message" => 4,
        _ => 2,
    });
    names
}

fn grid(rows: &[&Map<String, Value>]) -> Grid {
    let names = columns(rows);
    let mut grid = Grid::new(names.iter().copied()).keeping_whole(1);
    for row in rows {
        grid.push(names.iter().map(|name| row.get(*name).map(cell_text).unwrap_or_default()));
    }
    grid
}

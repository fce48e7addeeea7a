//! Shows lists of what the host keeps, and single entries of them, in one way for all subcommands.

use std::io;

use clap::ValueEnum;
use serde::Serialize;

use soar_connector::name::{normalised, quoted, suggestion};

use super::grid::one_line;
use super::visible::{self, visible};
use super::{Form, Grid, Printer, csv};
use crate::exit::WrongUse;

/// The form in which a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListOutput {
    /// A table that fits the terminal; aligned plain text in a pipe
    Table,
    /// One JSON array
    Json,
    /// Comma-separated values (RFC 4180)
    Csv,
    /// One JSON object a line
    Ndjson,
}

/// Something that lists show as a row, and programs get as a JSON object.
pub(crate) trait ListRow: Serialize {
    /// The columns of a list.
    const HEADINGS: &[&str];

    /// How many columns, from the first, are never cut: names that are there to be typed again.
    const WHOLE: usize = 1;

    /// Columns that are left out first where the terminal is too narrow, the first of them first.
    const DISPENSABLE: &[&str] = &[];

    /// One cell per heading.
    fn cells(&self) -> Vec<String>;
}

/// The places of the columns of these names in lists of `E`; of all columns where none is named.
///
/// # Errors
/// [`WrongUse`] with the nearest name and all valid ones.
pub(crate) fn columns_of<E: ListRow>(names: &[String]) -> Result<Vec<usize>, WrongUse> {
    if names.is_empty() {
        return Ok((0..E::HEADINGS.len()).collect());
    }
    let place = |name: &String| {
        let found = E::HEADINGS.iter().position(|heading| normalised(heading) == normalised(name));
        found.ok_or_else(|| {
            let (near, valid) = (suggestion(name, E::HEADINGS.iter().copied()), E::HEADINGS.join(", "));
            WrongUse(format!("There is no column {}.{near}\nValid: {valid}.", quoted(name)))
        })
    };
    names.iter().map(place).collect()
}

impl Printer {
    /// Writes a list to standard output; for a person, `nothing` stands in place of an empty one.
    pub(crate) fn list<E: ListRow>(&mut self, entries: &[E], output: ListOutput, nothing: &str) -> io::Result<()> {
        let all: Vec<usize> = (0..E::HEADINGS.len()).collect();
        self.list_columns(entries, output, nothing, &all)
    }

    /// The same with these columns of a table or CSV; programs that read JSON get everything.
    pub(crate) fn list_columns<E: ListRow>(
        &mut self,
        entries: &[E],
        output: ListOutput,
        nothing: &str,
        columns: &[usize],
    ) -> io::Result<()> {
        let chosen = |cells: Vec<String>| columns.iter().map(|index| cells[*index].clone()).collect::<Vec<_>>();
        let headings = || chosen(E::HEADINGS.iter().map(|heading| (*heading).to_owned()).collect());
        match output {
            ListOutput::Table if entries.is_empty() => self.paragraph(nothing),
            ListOutput::Table => {
                let headings = headings();
                let whole = columns.iter().enumerate().take_while(|(place, index)| place == *index).count();
                let mut grid = Grid::new(headings.iter().map(String::as_str))
                    .keeping_whole(whole.min(E::WHOLE))
                    .rather_without(E::DISPENSABLE);
                for entry in entries {
                    grid.push(chosen(entry.cells()));
                }
                self.grid(&grid)
            }
            ListOutput::Json => self.json(&entries),
            ListOutput::Csv => {
                self.csv(std::iter::once(headings()).chain(entries.iter().map(|entry| chosen(entry.cells()))))
            }
            ListOutput::Ndjson => {
                let mut text = String::new();
                for entry in entries {
                    let line = serde_json::to_string(entry)?;
                    text.push_str(&if self.is_terminal() { visible::json(&line) } else { line.into() });
                    text.push('\n');
                }
                self.bytes(text.as_bytes())
            }
        }
    }

    /// Writes what came to a list since it was written, without headings.
    pub(crate) fn more<E: ListRow>(&mut self, entries: &[E], output: ListOutput) -> io::Result<()> {
        match output {
            ListOutput::Table => {
                for entry in entries {
                    let line = entry.cells().into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("  ");
                    self.line(&visible(&one_line(&line)))?;
                }
                Ok(())
            }
            ListOutput::Csv => self.csv(entries.iter().map(ListRow::cells)),
            ListOutput::Json | ListOutput::Ndjson => self.list(entries, ListOutput::Ndjson, ""),
        }
    }

    /// Writes one entry to standard output: a line for each label, or for a program the whole as JSON.
    pub(crate) fn details(&mut self, entry: &impl Serialize, form: Form, labels: &[(&str, String)]) -> io::Result<()> {
        if form == Form::Json {
            return self.json(entry);
        }
        let mut text = String::new();
        let widest = labels.iter().map(|(label, _)| label.len()).max().unwrap_or_default() + 2;
        for (label, value) in labels {
            let value = if value.is_empty() { "-" } else { value };
            let mut label = format!("{label:widest$}");
            for line in value.split('\n').flat_map(|line| self.wrapped(line, widest)) {
                text.push_str(&format!("{}{line}\n", self.bold(&label)));
                label = " ".repeat(widest);
            }
        }
        self.bytes(text.as_bytes())
    }

    fn csv(&mut self, records: impl IntoIterator<Item = Vec<String>>) -> io::Result<()> {
        let text = csv::render(records)?;
        self.bytes(&if self.is_terminal() { csv::harmless(&text) } else { text })
    }

    /// Says on standard output that something was done.
    pub(crate) fn done(&mut self, text: &str) -> io::Result<()> {
        let mark = self.green("✔");
        let lines = self.wrapped(text, 2).join("\n  ");
        self.line(&format!("{mark} {lines}"))
    }
}

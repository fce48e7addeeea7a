//! Shows lists of what the host keeps, and single entries of them, in one way for all subcommands.

use std::io;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::Serialize;

use soar_connector::name::{normalised, quoted, suggestion};

use super::grid::one_line;
use super::visible::{self, visible};
use super::{Form, Grid, Printer, csv};
use crate::wrong_use::WrongUse;

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

/// How a list is written.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListFlags {
    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    pub(crate) output: ListOutput,

    /// Show only these columns of a table or CSV, in this order; names as in the headings
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
    columns: Vec<String>,
}

impl ListFlags {
    /// A table with all its columns.
    pub(crate) const TABLE: Self = Self { output: ListOutput::Table, columns: Vec::new() };

    /// The places of the columns that were named in lists of `E`; of all columns where none was named.
    ///
    /// # Errors
    /// [`WrongUse`] with the nearest name and all valid ones, and for JSON, whose objects are always whole.
    fn places<E: ListRow>(&self) -> std::result::Result<Vec<usize>, WrongUse> {
        if self.columns.is_empty() {
            return Ok((0..E::HEADINGS.len()).collect());
        }
        if matches!(self.output, ListOutput::Json | ListOutput::Ndjson) {
            let text =
                "--columns chooses columns of a table or CSV, and JSON has none: leave it out, or take --output csv.";
            return Err(WrongUse(text.to_owned()));
        }
        let place = |name: &String| {
            let found = E::HEADINGS.iter().position(|heading| normalised(heading) == normalised(name));
            found.ok_or_else(|| {
                let (near, valid) = (suggestion(name, E::HEADINGS.iter().copied()), E::HEADINGS.join(", "));
                WrongUse(format!("There is no column {}.{near}\nValid: {valid}.", quoted(name)))
            })
        };
        self.columns.iter().map(place).collect()
    }
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

impl Printer {
    /// Writes a list to standard output; for a person, `nothing` stands in place of an empty one.
    ///
    /// # Errors
    /// [`WrongUse`] for columns that do not exist, before anything is written.
    pub(crate) fn list<E: ListRow>(&mut self, entries: &[E], flags: &ListFlags, nothing: &str) -> Result<()> {
        let columns = flags.places::<E>()?;
        let headings = || chosen(&columns, E::HEADINGS.iter().map(|heading| (*heading).to_owned()).collect());
        let rows = entries.iter().map(|entry| chosen(&columns, entry.cells()));
        match flags.output {
            ListOutput::Table if entries.is_empty() => self.paragraph(nothing)?,
            ListOutput::Table => {
                let headings = headings();
                let whole = columns.iter().enumerate().take_while(|(place, index)| place == *index).count();
                let mut grid = Grid::new(headings.iter().map(String::as_str))
                    .keeping_whole(whole.min(E::WHOLE))
                    .rather_without(E::DISPENSABLE);
                rows.for_each(|row| grid.push(row));
                self.grid(&grid)?;
            }
            ListOutput::Json => self.json(&entries)?,
            ListOutput::Csv => self.csv(std::iter::once(headings()).chain(rows))?,
            ListOutput::Ndjson => self.ndjson(entries)?,
        }
        Ok(())
    }

    /// Writes the entries that came to a list since it was written, without headings.
    ///
    /// # Errors
    /// As [`Printer::list`].
    pub(crate) fn more<E: ListRow>(&mut self, entries: &[E], flags: &ListFlags) -> Result<()> {
        let columns = flags.places::<E>()?;
        let mut rows = entries.iter().map(|entry| chosen(&columns, entry.cells()));
        match flags.output {
            ListOutput::Table => rows.try_for_each(|row| {
                let line = row.into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("  ");
                self.line(&visible(&one_line(&line)))
            })?,
            ListOutput::Csv => self.csv(rows)?,
            ListOutput::Json | ListOutput::Ndjson => self.ndjson(entries)?,
        }
        Ok(())
    }

    fn ndjson(&mut self, entries: &[impl Serialize]) -> io::Result<()> {
        let mut text = String::new();
        for entry in entries {
            let line = serde_json::to_string(entry)?;
            text.push_str(&if self.is_terminal() { visible::json(&line) } else { line.into() });
            text.push('\n');
        }
        self.bytes(text.as_bytes())
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

/// The cells of these columns.
fn chosen(columns: &[usize], cells: Vec<String>) -> Vec<String> {
    columns.iter().map(|index| cells[*index].clone()).collect()
}

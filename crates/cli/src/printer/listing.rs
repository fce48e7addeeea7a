//! Shows lists and single records, in the same way for all subcommands.

use std::io;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::Serialize;

use soar_connector::name::{is_same, quoted, suggestion};

use super::grid::one_line;
use super::visible::{self, visible};
use super::{Grid, OutputFormat, Printer, csv};
use crate::wrong_use::WrongUse;

/// The format of a list.
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

// The flags of a list.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListFlags {
    /// The format of the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    pub(crate) output: ListOutput,

    /// Show only these columns of a table or CSV, in this order, by their headings
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
    columns: Vec<String>,
}

impl ListFlags {
    /// A table with all its columns.
    pub(crate) const TABLE: Self = Self { output: ListOutput::Table, columns: Vec::new() };

    /// The positions of the chosen columns in lists of `E`. All columns if none was chosen.
    ///
    /// # Errors
    /// [`WrongUse`] with the nearest name and all valid names. Also for JSON, whose objects are always complete.
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
            let found = E::HEADINGS.iter().position(|heading| is_same(heading, name));
            found.ok_or_else(|| {
                let (near, valid) = (suggestion(name, E::HEADINGS.iter().copied()), E::HEADINGS.join(", "));
                WrongUse(format!("There is no column {}.{near}\nValid: {valid}.", quoted(name)))
            })
        };
        self.columns.iter().map(place).collect()
    }
}

/// A record that a list shows as a row, and a program gets as a JSON object.
pub(crate) trait ListRow: Serialize {
    /// The columns of a list.
    const HEADINGS: &[&str];

    /// The number of first columns that are never cut, since users type these names again.
    const WHOLE: usize = 1;

    /// Columns that are left out first on a narrow terminal, in this order.
    const DISPENSABLE: &[&str] = &[];

    /// One cell per heading.
    fn cells(&self) -> Vec<String>;
}

impl Printer {
    /// Writes a list to standard output. A table without rows is replaced by the text `nothing`.
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

    /// Writes further entries of a list that was written before, without headings.
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

    /// Writes a record to standard output: a line per label, or the whole record as JSON.
    pub(crate) fn details(
        &mut self,
        entry: &impl Serialize,
        form: OutputFormat,
        labels: &[(&str, String)],
    ) -> io::Result<()> {
        if form == OutputFormat::Json {
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

    /// Writes a success message to standard output.
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

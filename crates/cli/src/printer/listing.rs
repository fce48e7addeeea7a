//! Shows lists of what the host keeps, and single entries of them, in one way for all subcommands.

use std::io;

use clap::ValueEnum;
use serde::Serialize;

use super::visible::{self, visible};
use super::{Form, Grid, Printer, csv};

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
pub(crate) trait Entry: Serialize {
    /// The columns of a list.
    const HEADINGS: &[&str];

    /// How many columns, from the first, are never cut: names that are there to be typed again.
    const WHOLE: usize = 1;

    /// One cell per heading.
    fn cells(&self) -> Vec<String>;
}

impl Printer {
    /// Writes a list to standard output; for a person, `nothing` stands in place of an empty one.
    pub(crate) fn list<E: Entry>(&mut self, entries: &[E], output: ListOutput, nothing: &str) -> io::Result<()> {
        match output {
            ListOutput::Table if entries.is_empty() => self.paragraph(nothing),
            ListOutput::Table => {
                let mut grid = Grid::new(E::HEADINGS.iter().copied()).keeping_whole(E::WHOLE);
                for entry in entries {
                    grid.push(entry.cells());
                }
                self.grid(&grid)
            }
            ListOutput::Json => self.json(&entries),
            ListOutput::Csv => {
                let headings = E::HEADINGS.iter().map(|heading| (*heading).to_owned()).collect();
                self.csv(std::iter::once(headings).chain(entries.iter().map(Entry::cells)))
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
    pub(crate) fn more<E: Entry>(&mut self, entries: &[E], output: ListOutput) -> io::Result<()> {
        match output {
            ListOutput::Table => {
                for entry in entries {
                    let line = entry.cells().into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("  ");
                    self.line(&visible(&line))?;
                }
                Ok(())
            }
            ListOutput::Csv => self.csv(entries.iter().map(Entry::cells)),
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

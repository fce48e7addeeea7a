//! Shows an outcome: one of its tabs, as a table, JSON or the server's bytes.

use std::io;

use clap::ValueEnum;
use serde::ser::{Serialize, Serializer};
use soar_connector::manifest::Effect;
use soar_connector::{Command, CommandError, KeyFieldValues, Outcome, RawData, Receipt};

use super::{Grid, Printer, visible, wrap};

/// The format of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A table that fits the terminal; aligned plain text in a pipe
    Table,
    /// The whole outcome, or the tab of --show
    Json,
    /// The server's reply, byte for byte
    Raw,
    /// The table as comma-separated values (RFC 4180), written as they arrive: for lists of any length
    Csv,
    /// The rows as the server sent them, one a line, written as they arrive: for lists of any length
    Ndjson,
}

/// A tab of the Test Result window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResultTab {
    /// The result table
    Result,
    /// Values that other commands take
    KeyFields,
    /// The table's rows as JSON objects
    Context,
    /// The server's reply
    Raw,
    /// Why it failed
    Error,
}

/// The tab and the format of an outcome.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutcomeView<'a> {
    pub(crate) command: &'a Command,
    pub(crate) output: Output,
    /// `None` shows the result tab, or with JSON the whole outcome.
    pub(crate) tab: Option<ResultTab>,
}

impl OutcomeView<'_> {
    /// Shows `outcome`: the tab on standard output, and the error on standard error.
    pub(crate) fn show(&self, outcome: &Outcome, printer: &mut Printer) -> io::Result<()> {
        if let Some(error) = outcome.error.as_ref().filter(|_| self.tab != Some(ResultTab::Error)) {
            printer.error_tab(error);
        }
        match (self.output, self.tab) {
            (Output::Json, tab) => self.json(outcome, tab, printer),
            (_, Some(ResultTab::Error)) => match &outcome.error {
                Some(error) => printer.error_tab_as_result(error),
                None => printer.line("No error."),
            },
            _ if !outcome.is_successful() => Ok(()),
            (Output::Raw, _) | (_, Some(ResultTab::Raw)) => raw(&outcome.raw_data, printer),
            (_, Some(ResultTab::KeyFields)) => printer.grid(&key_fields(outcome)),
            (_, Some(ResultTab::Context)) => json(&outcome.result.context_data(), printer),
            (Output::Table, _) if outcome.result.rows.is_empty() => printer.line(self.nothing()),
            // CSV and NDJSON are written while the command runs.
            (Output::Table | Output::Csv | Output::Ndjson, _) => printer.grid(&Grid::of(&outcome.result, usize::MAX)),
        }
    }

    /// The text for a table without rows.
    pub(crate) fn nothing(&self) -> &'static str {
        match self.command.effect {
            Effect::Read => "No result.",
            Effect::Write => "Accepted: the server sent no further data.",
        }
    }

    fn json(&self, outcome: &Outcome, tab: Option<ResultTab>, printer: &mut Printer) -> io::Result<()> {
        match tab {
            None => json(outcome, printer),
            Some(ResultTab::Result) => json(&outcome.result, printer),
            Some(ResultTab::KeyFields) => json(&KeyFields(&outcome.key_fields), printer),
            Some(ResultTab::Context) => json(&outcome.result.context_data(), printer),
            Some(ResultTab::Raw) => json(&outcome.raw_data, printer),
            Some(ResultTab::Error) => json(&outcome.error, printer),
        }
    }
}

/// A line about the run of a command: `25 of 250 rows, page 1 of 10 · 3 requests · 41 ms · request 0190…`.
pub(crate) fn receipt(receipt: &Receipt, page: Option<i64>) -> String {
    let mut parts = Vec::new();
    // Without a page, or with an empty reply without a count, there is nothing to count.
    if receipt.rows > 0 || (receipt.pages > 0 && receipt.total_rows.is_some()) {
        parts.push(rows_read(receipt, page));
    }
    if let Some(agent) = &receipt.agent {
        parts.push(format!("through the agent {agent}"));
    }
    parts.push(counted(receipt.requests, "request"));
    if receipt.duplicates_dropped > 0 {
        parts.push(format!("{} dropped", counted(receipt.duplicates_dropped, "duplicate")));
    }
    match receipt.retries {
        0 => {}
        1 => parts.push("1 retry".to_owned()),
        retries => parts.push(format!("{retries} retries")),
    }
    parts.push(format!("{} ms", receipt.elapsed.as_millis()));
    parts.push(format!("request {}", receipt.request_id));
    parts.join(" · ")
}

fn rows_read(receipt: &Receipt, page: Option<i64>) -> String {
    let rows = match receipt.total_rows {
        Some(total) if total != receipt.rows => format!("{} of {}", receipt.rows, counted(total, "row")),
        _ => counted(receipt.rows, "row"),
    };
    match page.zip(receipt.total_pages) {
        Some((page, total)) => format!("{rows}, page {page} of {total}"),
        None if receipt.pages > 1 => format!("{rows} on {}", counted(receipt.pages, "page")),
        None => rows,
    }
}

/// The Error tab: its three documented lines, then cause, cure and code. `first` colours the first line.
pub(super) fn error_tab(error: &CommandError, width: Option<usize>, first: impl Fn(&str) -> String) -> String {
    let documented = visible::lines(&error.to_string());
    let (indicator, rest) = documented.split_once('\n').unwrap_or((&documented, ""));
    let mut lines = vec![first(indicator), rest.to_owned()];
    let retry = if error.retryable { " (may be retried)" } else { "" };
    for text in
        [format!("Cause: {}", error.cause), format!("Cure: {}", error.cure), format!("Code: {}{retry}", error.code)]
    {
        lines.extend(wrap::wrap(&visible::visible(&text), width));
    }
    lines.join("\n")
}

pub(crate) fn counted(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn key_fields(outcome: &Outcome) -> Grid {
    let mut grid = Grid::new(["Key Field", "Value"]);
    for field in &outcome.key_fields {
        for value in &field.values {
            grid.push([field.name.clone(), soar_connector::cell_text(value)]);
        }
    }
    grid
}

/// Pretty for a terminal, compact for a program. Raw data keeps the server's layout in both.
pub(super) fn json(value: &impl Serialize, printer: &mut Printer) -> io::Result<()> {
    if printer.is_terminal() {
        let text = serde_json::to_string_pretty(value)?;
        printer.line(&visible::json(&text))
    } else {
        printer.line(&serde_json::to_string(value)?)
    }
}

fn raw(data: &RawData, printer: &mut Printer) -> io::Result<()> {
    let text = match data {
        RawData::None => return Ok(()),
        RawData::One(body) => body.get().to_owned(),
        RawData::Pages(bodies) => {
            format!("[{}]", bodies.iter().map(|body| body.get()).collect::<Vec<&str>>().join(","))
        }
    };
    if printer.is_terminal() { printer.line(&visible::json(&text)) } else { printer.bytes(text.as_bytes()) }
}

/// Key fields as one JSON object, in order.
struct KeyFields<'a>(&'a [KeyFieldValues]);

impl Serialize for KeyFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (&field.name, &field.values)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use soar_connector::StatusCode;

    use super::*;

    #[test]
    fn a_receipt_is_one_line() {
        let list = Receipt {
            request_id: "0190".to_owned(),
            pages: 1,
            rows: 25,
            total_pages: Some(10),
            total_rows: Some(250),
            requests: 3,
            retries: 1,
            elapsed: Duration::from_millis(41),
            ..Receipt::default()
        };
        assert_eq!(
            receipt(&list, Some(1)),
            "25 of 250 rows, page 1 of 10 · 3 requests · 1 retry · 41 ms · request 0190"
        );
        let whole = Receipt { pages: 2, rows: 30, requests: 2, ..Receipt::default() };
        assert!(receipt(&whole, None).starts_with("30 rows on 2 pages · 2 requests · 0 ms"));
        let empty = Receipt { pages: 1, requests: 1, ..Receipt::default() };
        assert!(receipt(&empty, None).starts_with("1 request · "));
    }

    #[test]
    fn a_server_s_words_in_an_error_tab_steer_no_terminal() {
        let error = CommandError {
            failure_indicator: "List Devices failed.".to_owned(),
            status_code: StatusCode(Some(500)),
            message: "Oh \u{1b}]0;no\u{7}\u{202e}.".to_owned(),
            code: "server-error".to_owned(),
            cause: "Cause\u{9b}.".to_owned(),
            cure: "Cure.".to_owned(),
            retryable: true,
        };
        assert_eq!(
            error_tab(&error, None, str::to_owned),
            "List Devices failed.\nStatus Code: 500.\nMessage: Oh \\u{1b}]0;no\\u{7}\\u{202e}.\n\
             Cause: Cause\\u{9b}.\nCure: Cure.\nCode: server-error (may be retried)"
        );
    }
}

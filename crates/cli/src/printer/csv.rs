//! Writes rows as CSV (RFC 4180) as they arrive, guarded so that a spreadsheet does not take them for formulas.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};

use async_trait::async_trait;
use serde_json::Value;
use soar_connector::{Command, ReplyPage, RowReader, Sink, SinkError, cell_text};
use soar_host::transfer;

use super::stream::{OutputStream, WriteResult};
use super::visible;

/// At most this many rows of a page are text at once.
const ROWS_AT_ONCE: usize = 1_000;

/// A sink that writes a command's table, or its key fields, and needs no more memory than a page.
#[derive(Debug)]
pub(crate) struct CsvWriter {
    columns: Columns,
    reader: RowReader,
    output: OutputStream,
    /// Whether a terminal shows the rows, so that control characters must be escaped.
    harmless: bool,
    has_headings: bool,
}

/// The fields of a record.
#[derive(Debug)]
enum Columns {
    /// The cells of the table, one record per row.
    Table(Vec<String>),
    /// The name and a value of a key field, one record per value.
    KeyFields(Vec<String>),
}

impl CsvWriter {
    /// A writer of the result table of `command`.
    ///
    /// Set `harmless` if a terminal shows it.
    pub(crate) fn of_table(command: &Command, output: Box<dyn Write + Send>, harmless: bool) -> Self {
        let names = command.columns.iter().map(|column| column.name.clone());
        Self::new(Columns::Table(names.collect()), command, output, harmless)
    }

    /// A writer of the key fields of `command`, row by row.
    pub(crate) fn of_key_fields(command: &Command, output: Box<dyn Write + Send>, harmless: bool) -> Self {
        let names = command.key_fields.iter().map(|field| field.name.clone());
        Self::new(Columns::KeyFields(names.collect()), command, output, harmless)
    }

    fn new(columns: Columns, command: &Command, output: Box<dyn Write + Send>, harmless: bool) -> Self {
        let reader = RowReader::new(command);
        Self { columns, reader, output: OutputStream::new(output), harmless, has_headings: false }
    }

    /// Writes the buffer.
    pub(crate) fn flush(&mut self) {
        self.output.flush();
    }

    /// Writes the rest, and returns the result. A successful command without a page still has headings.
    ///
    /// # Errors
    /// The rest could not be written, for another reason than that its reader left.
    pub(crate) fn finish(mut self, successful: bool) -> io::Result<WriteResult> {
        let headings = if successful { self.write_headings() } else { Ok(()) };
        match headings {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => self.output.finish(),
        }
    }

    fn write_headings(&mut self) -> io::Result<()> {
        if self.has_headings {
            return Ok(());
        }
        self.has_headings = true;
        let headings = match &self.columns {
            Columns::Table(names) => names.clone(),
            Columns::KeyFields(_) => vec!["Key Field".to_owned(), "Value".to_owned()],
        };
        self.write([headings])
    }

    fn write(&mut self, records: impl IntoIterator<Item = Vec<String>>) -> io::Result<()> {
        let text = render(records)?;
        self.output.write(&if self.harmless { harmless(&text) } else { text })
    }
}

#[async_trait]
impl Sink for CsvWriter {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        self.write_headings()?;
        let mut rows = page.rows().peekable();
        while rows.peek().is_some() {
            let mut records = Vec::new();
            for row in rows.by_ref().take(ROWS_AT_ONCE) {
                records.extend(self.columns.records(&self.reader.read(row)?, &self.reader));
            }
            self.write(records)?;
        }
        Ok(())
    }
}

impl Columns {
    /// The records of one row.
    fn records(&self, row: &Value, reader: &RowReader) -> Vec<Vec<String>> {
        match self {
            Self::Table(_) => vec![reader.cells(row).iter().map(cell_text).collect()],
            Self::KeyFields(names) => names
                .iter()
                .zip(reader.keys(row))
                .flat_map(|(name, values)| values.into_iter().map(|value| vec![name.clone(), cell_text(&value)]))
                .collect(),
        }
    }
}

pub(super) fn render(records: impl IntoIterator<Item = Vec<String>>) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        for cell in &record {
            writer.write_field(guarded(cell).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// A cell that a spreadsheet would run as a formula is guarded as in exports. Plain numbers stay.
fn guarded(cell: &str) -> Cow<'_, str> {
    let is_number = cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'))
        && cell.parse::<f64>().is_ok();
    if is_number { Cow::Borrowed(cell) } else { Cow::Owned(transfer::guarded(cell)) }
}

/// CSV for a terminal. Line breaks of records and cells stay, other control characters are escaped.
pub(super) fn harmless(text: &[u8]) -> Vec<u8> {
    visible::lines(&String::from_utf8_lossy(text).replace("\r\n", "\n")).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not() {
        for formula in ["=1+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "\tx", "-1-1"] {
            assert_eq!(guarded(formula), format!("'{formula}"));
        }
        for plain in ["-5", "+5.25", "-1e3", "5", "a=b", ""] {
            assert_eq!(guarded(plain), plain);
        }
    }

    #[test]
    fn no_formula_starts_where_another_separator_ends_a_cell() {
        for (cell, safe) in [
            ("a;=1+1", "a;'=1+1"),
            ("=1;=2\t@x", "'=1;'=2\t'@x"),
            ("a\r\n-1+cmd", "a\r\n'-1+cmd"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("ä;+1", "ä;'+1"),
        ] {
            assert_eq!(guarded(cell), safe);
        }
        for plain in ["a; -1", "a;b", "x=1;y", "two\nlines", ";", "a;"] {
            assert_eq!(guarded(plain), plain);
        }
    }

    #[test]
    fn cells_are_quoted_as_rfc_4180_says() {
        let records = [["Name", "Note"], ["a,\"b\"", "two\nlines"], ["=1+1", ""]];
        let records = records.map(|record| record.map(str::to_owned).to_vec());
        assert_eq!(
            String::from_utf8(render(records).unwrap()).unwrap(),
            "Name,Note\r\n\"a,\"\"b\"\"\",\"two\nlines\"\r\n'=1+1,\r\n"
        );
    }

    #[test]
    fn on_a_terminal_nothing_in_a_cell_steers_it() {
        let text = harmless("Name\r\na\u{1b}[31m\r\n\"two\nlines\"\r\n".as_bytes());
        assert_eq!(String::from_utf8(text).unwrap(), "Name\na\\u{1b}[31m\n\"two\nlines\"\n");
    }
}

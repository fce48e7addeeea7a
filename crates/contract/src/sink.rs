//! Where a command's pages go: the sink, and the bounded collector that builds an outcome.

use async_trait::async_trait;
use serde_json::Value;

use crate::manifest::Command;
use crate::outcome::{Conclusion, KeyFieldValues, Outcome, RawData, ReturnData};
use crate::page::ReplyPage;
use crate::row::RowReader;
use crate::sink_error::SinkError;
use crate::table::Table;

/// Takes the pages of one command, in order.
#[async_trait]
pub trait Sink: Send {
    /// Takes one page.
    ///
    /// # Errors
    /// [`SinkError`] when the page cannot be taken; the command then ends as Failed.
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError>;
}

/// A sink that keeps everything, up to a bound, and builds an [`Outcome`] of it.
#[derive(Debug)]
pub struct Collector {
    reader: Option<RowReader>,
    table: Table,
    key_fields: Vec<KeyFieldValues>,
    pages: Vec<ReplyPage>,
    bytes: usize,
    limit: usize,
    is_full: bool,
}

impl Collector {
    /// How many bytes of replies are kept unless told otherwise: 256 MiB.
    pub const DEFAULT_LIMIT: usize = 256 * 1024 * 1024;

    /// A collector for `command`'s table and key fields that keeps at most `limit` bytes of replies and table.
    #[must_use]
    pub fn new(command: Option<&Command>, limit: usize) -> Self {
        Self {
            reader: command.map(RowReader::new),
            table: Table::new(command),
            key_fields: command.map(KeyFieldValues::of).unwrap_or_default(),
            pages: Vec::new(),
            bytes: 0,
            limit,
            is_full: false,
        }
    }

    /// Whether a page was refused because more than the limit would have been kept.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Counts bytes to be kept.
    fn keep(&mut self, bytes: usize) -> Result<(), SinkError> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.is_full = self.bytes > self.limit;
        if self.is_full { Err(SinkError::Full { limit: self.limit }) } else { Ok(()) }
    }

    /// Adds a page's rows to the table and the key fields.
    fn read(&mut self, reader: &RowReader, page: &ReplyPage) -> Result<(), SinkError> {
        for row in page.rows() {
            let row = reader.read(row)?;
            let cells = reader.cells(&row);
            let mut memory: usize = cells.iter().map(memory_of).sum();
            self.table.rows.push(cells);
            for (field, values) in self.key_fields.iter_mut().zip(reader.keys(&row)) {
                memory += values.iter().map(|value| size_of::<Value>() + memory_of(value)).sum::<usize>();
                field.values.extend(values);
            }
            self.keep(memory)?;
        }
        Ok(())
    }

    /// The outcome of what was collected and how the command ended.
    ///
    /// A failed command shows no result: half a list looks like a whole one.
    #[must_use]
    pub fn finish(self, conclusion: Conclusion) -> Outcome {
        let failed = conclusion.error.is_some();
        let (table, key_fields, pages) =
            if failed { (Table::default(), Vec::new(), Vec::new()) } else { (self.table, self.key_fields, self.pages) };
        Outcome {
            return_data: if failed { ReturnData::Failed } else { ReturnData::Successful },
            result: table,
            key_fields,
            raw_data: RawData::of(pages),
            error: conclusion.error,
            receipt: conclusion.receipt,
            warnings: conclusion.warnings,
        }
    }
}

/// About how many bytes a value takes beside the place that it stands in; lists and objects can take a hundred times
/// what they take as text.
fn memory_of(value: &Value) -> usize {
    const SMALLEST_OBJECT: usize = 640;
    const MEMBER: usize = 128;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| size_of::<Value>() + memory_of(item)).sum(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| MEMBER + name.len() + memory_of(value);
            members.iter().map(member).sum::<usize>().max(SMALLEST_OBJECT)
        }
    }
}

#[async_trait]
impl Sink for Collector {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        self.keep(page.body().len())?;
        if self.reader.is_some() {
            // A row of a few bytes becomes a row of cells all the same.
            let row_cost = size_of::<Vec<Value>>() + self.table.columns.len() * size_of::<Value>();
            self.keep(page.len().saturating_mul(row_cost))?;
        }
        if let Some(reader) = self.reader.take() {
            let read = self.read(&reader, &page);
            self.reader = Some(reader);
            read?;
        }
        self.pages.push(page);
        Ok(())
    }
}

//! The content of a result: rows of the table, values of key fields, and raw data, in chunks of a sealed file.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::order::{RowOrder, SortKey};
use super::sealed_file::{Chunk, SealedFile};

/// The number of rows of a chunk.
pub(super) const ROWS: usize = 100;

/// The number of values of a key field in a chunk.
pub(super) const VALUES: usize = 1_000;

/// The content of a result cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// The temporary file failed.
    #[error("The result's temporary file failed: {0}.")]
    File(#[from] io::Error),
    /// The temporary file contains something unexpected.
    #[error("The result's temporary file cannot be read: {0}.")]
    Unreadable(#[from] serde_json::Error),
}

/// Rows of the table.
#[derive(Debug)]
pub struct RowsPage {
    /// The headings of the columns.
    pub columns: Vec<String>,
    /// The rows, with a value per column.
    pub rows: Vec<Vec<Value>>,
    /// The number of all rows.
    pub total: usize,
}

/// The values of a key field.
#[derive(Debug)]
pub struct KeyValues {
    /// The field's name.
    pub name: String,
    /// The first values.
    pub values: Vec<Value>,
    /// The number of all values.
    pub total: usize,
}

/// The chunks of a key field.
#[derive(Debug)]
pub(super) struct KeyChunks {
    pub(super) name: String,
    pub(super) total: usize,
    pub(super) chunks: Vec<Chunk>,
}

/// The places of all chunks.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) rows: usize,
    pub(super) row_chunks: Vec<Chunk>,
    pub(super) raw: Vec<Chunk>,
    pub(super) keys: Vec<KeyChunks>,
}

/// The content of a result.
#[derive(Debug)]
pub struct ResultContent {
    pub(super) file: SealedFile,
    pub(super) columns: Vec<String>,
    pub(super) layout: Mutex<Layout>,
    /// The latest order of the rows, so that its next page needs no sorting.
    sorted: Mutex<Option<(RowOrder, Arc<Vec<u32>>)>>,
}

impl ResultContent {
    pub(super) fn new(file: SealedFile, columns: Vec<String>, keys: impl IntoIterator<Item = String>) -> Self {
        let keys = keys.into_iter().map(|name| KeyChunks { name, total: 0, chunks: Vec::new() }).collect();
        let layout = Layout { keys, ..Layout::default() };
        Self { file, columns, layout: Mutex::new(layout), sorted: Mutex::default() }
    }

    /// The size of the result in bytes.
    pub(super) fn size(&self) -> u64 {
        self.file.size()
    }

    /// The headings of the table's columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The number of rows.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.layout(|layout| layout.rows)
    }

    /// The number of pages of raw data.
    #[must_use]
    pub fn raw_count(&self) -> usize {
        self.layout(|layout| layout.raw.len())
    }

    /// At most `count` rows, beginning with the row `from`, in this order. Blocks the thread.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn rows(&self, order: Option<RowOrder>, from: usize, count: usize) -> Result<RowsPage, ContentError> {
        let total = self.row_count();
        let order = order.filter(|order| order.column < self.columns.len());
        let wanted: Vec<usize> = match order {
            None => (from..total.min(from.saturating_add(count))).collect(),
            Some(order) => {
                let sorted = self.sorted(order)?;
                sorted.iter().skip(from).take(count).map(|row| *row as usize).collect()
            }
        };
        let mut rows = Vec::with_capacity(wanted.len());
        // Neighbours in an order often are in one chunk.
        let mut read: Option<(usize, Vec<Vec<Value>>)> = None;
        for row in wanted {
            let number = row / ROWS;
            if read.as_ref().is_none_or(|(known, _)| *known != number) {
                read = Some((number, self.row_chunk(number)?));
            }
            rows.extend(read.as_ref().and_then(|(_, chunk)| chunk.get(row % ROWS)).cloned());
        }
        Ok(RowsPage { columns: self.columns.clone(), rows, total })
    }

    /// The rows of one chunk; empty after the last chunk. Blocks the thread.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn row_chunk(&self, number: usize) -> Result<Vec<Vec<Value>>, ContentError> {
        match self.layout(|layout| layout.row_chunks.get(number).copied()) {
            Some(chunk) => Ok(serde_json::from_slice(&self.file.read(chunk)?)?),
            None => Ok(Vec::new()),
        }
    }

    /// The numbers of the rows in this order.
    fn sorted(&self, order: RowOrder) -> Result<Arc<Vec<u32>>, ContentError> {
        let mut sorted = self.sorted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, rows)) = sorted.as_ref().filter(|(known, _)| *known == order) {
            return Ok(Arc::clone(rows));
        }
        let mut keys = Vec::with_capacity(self.row_count());
        for number in 0..self.layout(|layout| layout.row_chunks.len()) {
            for row in self.row_chunk(number)? {
                let row_number = u32::try_from(keys.len()).unwrap_or(u32::MAX);
                keys.push((row.get(order.column).map_or(SortKey::Missing, SortKey::of), row_number));
            }
        }
        keys.sort_by(|(one, _), (other, _)| one.compare(other, order.is_descending));
        let rows = Arc::new(keys.into_iter().map(|(_, row)| row).collect::<Vec<_>>());
        *sorted = Some((order, Arc::clone(&rows)));
        Ok(rows)
    }

    /// The key fields, each with at most `most` values. Blocks the thread.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn key_fields(&self, most: usize) -> Result<Vec<KeyValues>, ContentError> {
        let fields = self.layout(|layout| {
            let chunks = |field: &KeyChunks| field.chunks.iter().take(most.div_ceil(VALUES)).copied().collect();
            layout.keys.iter().map(|field| (field.name.clone(), field.total, chunks(field))).collect::<Vec<_>>()
        });
        let read = |(name, total, chunks): (String, usize, Vec<Chunk>)| {
            let mut values = Vec::new();
            for chunk in chunks {
                values.extend(serde_json::from_slice::<Vec<Value>>(&self.file.read(chunk)?)?);
            }
            values.truncate(most);
            Ok(KeyValues { name, values, total })
        };
        fields.into_iter().map(read).collect()
    }

    /// A page of the raw data, as the product sent it. Blocks the thread.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn raw(&self, number: usize) -> Result<Option<String>, ContentError> {
        let Some(chunk) = self.layout(|layout| layout.raw.get(number).copied()) else { return Ok(None) };
        Ok(Some(String::from_utf8(self.file.read(chunk)?).map_err(io::Error::other)?))
    }

    fn layout<T>(&self, read: impl FnOnce(&Layout) -> T) -> T {
        read(&self.layout.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

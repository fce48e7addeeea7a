//! Pages of long rows. Their size is looked up before they are read.

use serde::Deserialize;

use super::room::HeldRoom;
use super::{Records, StoreError};
use crate::model::limits::MOST_ANSWER_BYTES;

/// The number of copies of a page in memory while the host makes an answer of it.
const COPIES: usize = 2;

/// Rows, and the memory that they take.
#[derive(Debug)]
pub struct HeldRows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The memory for the rows. The caller holds it as long as the rows, or their copies, are in memory.
    pub room: HeldRoom,
}

/// The rule for a page that is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oversize {
    /// [`StoreError::TooLarge`].
    Refuse,
    /// The page ends before this many bytes, but has at least one row.
    Cut(usize),
}

/// A row's id and its bytes.
#[derive(Debug, Deserialize)]
pub(super) struct SizedRow(i64, usize);

impl Records<'_> {
    /// The ids of the rows to read, and the memory for them.
    pub(super) fn fitting(&self, rows: &[SizedRow], oversize: Oversize) -> Result<(Vec<i64>, HeldRoom), StoreError> {
        let most = match oversize {
            Oversize::Refuse => MOST_ANSWER_BYTES,
            Oversize::Cut(bytes) => bytes,
        };
        let (mut ids, mut total) = (Vec::with_capacity(rows.len()), 0_usize);
        for SizedRow(id, bytes) in rows {
            if total.saturating_add(*bytes) > most {
                match oversize {
                    Oversize::Refuse => return Err(StoreError::TooLarge),
                    Oversize::Cut(_) if !ids.is_empty() => break,
                    Oversize::Cut(_) => {}
                }
            }
            total = total.saturating_add(*bytes);
            ids.push(*id);
        }
        Ok((ids, self.room.take(total.saturating_mul(COPIES))?))
    }

    /// The ids and sizes in a packed list: see [`super::Engine::packed`].
    pub(super) fn sized(packed: &str) -> Result<Vec<SizedRow>, StoreError> {
        serde_json::from_str(packed).map_err(|error| StoreError::Unreadable(error.to_string()))
    }
}

/// SQL for the bytes of text columns.
pub(super) fn bytes_of(columns: &[&str]) -> String {
    let lengths: Vec<_> = columns.iter().map(|column| format!("COALESCE(OCTET_LENGTH({column}), 0)")).collect();
    if lengths.is_empty() { "0".to_owned() } else { lengths.join(" + ") }
}

//! The rows that fit into a result's budget.

use serde::Serialize;
use serde_json::{Map, Value};

/// The number of rows, from `from` on, that fit into `bytes`.
pub(crate) fn fitting(rows: &[Map<String, Value>], from: usize, bytes: usize) -> usize {
    let mut left = bytes;
    rows.iter()
        .skip(from)
        .take_while(|row| {
            // The comma between two rows counts too.
            let size = size_of(row) + 1;
            let fits = size <= left;
            left = left.saturating_sub(size);
            fits
        })
        .count()
}

/// The bytes of a value as JSON.
pub(crate) fn size_of(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX / 2, |bytes| bytes.len())
}

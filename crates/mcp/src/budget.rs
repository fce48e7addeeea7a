//! The rows that fit into a result's budget.

use serde::Serialize;
use serde_json::{Map, Value};

/// The number of rows, from `from` on, that fit into `bytes`. `is_text` as for [`size_of`].
pub(crate) fn fitting(rows: &[Map<String, Value>], from: usize, bytes: usize, is_text: bool) -> usize {
    let mut left = bytes;
    rows.iter()
        .skip(from)
        .take_while(|row| {
            // The comma between two rows counts too.
            let size = size_of(row, is_text) + 1;
            let fits = size <= left;
            left = left.saturating_sub(size);
            fits
        })
        .count()
}

/// The bytes of a value as JSON; if `is_text`, as JSON within a JSON text.
pub(crate) fn size_of(value: &impl Serialize, is_text: bool) -> usize {
    let Ok(bytes) = serde_json::to_vec(value) else { return usize::MAX / 2 };
    let is_escaped = |byte: &&u8| is_text && matches!(byte, b'"' | b'\\');
    bytes.len() + bytes.iter().filter(is_escaped).count()
}

//! Times as text: what the host keeps in milliseconds since 1970.

use jiff::Timestamp;

/// `2026-01-31 10:00:05Z`.
pub(crate) fn moment(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds)
        .map(|time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
        .unwrap_or_else(|_| milliseconds.to_string())
}

/// The same; nothing where there is none.
pub(crate) fn moment_if_any(milliseconds: Option<i64>) -> String {
    milliseconds.map(moment).unwrap_or_default()
}

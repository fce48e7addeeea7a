//! Moments as the store keeps them: milliseconds since 1970 (UTC).

use std::time::{SystemTime, UNIX_EPOCH};

/// The moment in milliseconds since 1970; 0 for one before.
#[must_use]
pub fn milliseconds(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A moment in milliseconds since 1970 as text, such as `2026-11-21T06:43:12.5Z`.
#[must_use]
pub fn text(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|moment| moment.to_string()).unwrap_or_default()
}

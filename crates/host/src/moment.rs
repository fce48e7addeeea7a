//! Moments as the store keeps them: milliseconds since 1970 (UTC).

use std::time::{SystemTime, UNIX_EPOCH};

/// The moment in milliseconds since 1970; 0 for one before.
#[must_use]
pub fn milliseconds(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

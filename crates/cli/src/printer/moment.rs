//! Moments as text.

use jiff::Timestamp;
use soar_store::model::Moment;

/// `2026-01-31 10:00:05Z`.
pub(crate) fn moment(at: Moment) -> String {
    Timestamp::from_millisecond(at.0)
        .map(|time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
        .unwrap_or_else(|_| at.to_string())
}

/// The same. Empty for `None`.
pub(crate) fn moment_if_any(at: Option<Moment>) -> String {
    at.map(moment).unwrap_or_default()
}

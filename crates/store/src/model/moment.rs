//! Moments, as the tables, JSON and the OpenAPI document keep them.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment in milliseconds since 1970 (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

crate::columns::transparent_number!(Moment);

impl Moment {
    /// Before all other moments.
    pub const MIN: Self = Self(i64::MIN);
    /// After all other moments.
    pub const MAX: Self = Self(i64::MAX);

    /// The milliseconds from `earlier` to this moment. Negative if this moment is earlier.
    #[must_use]
    pub const fn milliseconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from `earlier` to this moment. Zero if this moment is earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.milliseconds_since(earlier)).unwrap_or_default())
    }

    /// The whole hours of this moment.
    #[must_use]
    pub const fn hours(self) -> i64 {
        self.0.div_euclid(3_600_000)
    }
}

impl From<SystemTime> for Moment {
    /// A time before 1970 becomes the first moment of 1970.
    fn from(time: SystemTime) -> Self {
        Self(milliseconds(time.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(milliseconds(duration)))
    }
}

impl Sub<Duration> for Moment {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(milliseconds(duration)))
    }
}

impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        i64::schema()
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Moment {
    /// Such as `2026-11-21T06:43:12.5Z`. A moment beyond the years of this form is shown as its number.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => time.fmt(formatter),
            Err(_) => self.0.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_utc() {
        assert_eq!(Moment(1_795_243_392_500).to_string(), "2026-11-21T06:43:12.5Z");
        assert_eq!(Moment::MAX.to_string(), i64::MAX.to_string());
    }

    #[test]
    fn a_moment_out_of_range_is_the_first_or_the_last() {
        assert_eq!(Moment::MAX + Duration::from_secs(1), Moment::MAX);
        assert_eq!(Moment::MIN - Duration::from_secs(1), Moment::MIN);
        assert_eq!(Moment(5).since(Moment(9)), Duration::ZERO);
        assert_eq!(Moment::from(UNIX_EPOCH - Duration::from_secs(1)), Moment(0));
    }
}

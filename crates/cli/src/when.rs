//! Parses times that users type: `2026-12-31`, `2026-12-31 18:00`, `2026-12-31T18:00:00Z`, or a time span from now.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use soar_connector::name::quoted;
use soar_store::model::Moment;

/// The moment: a time with its offset, a time in this machine's zone, or `90d` after `now`.
///
/// # Errors
/// A sentence with the expected form.
pub(crate) fn later(text: &str, now: Moment) -> Result<Moment, String> {
    read(text, now, 1)
}

/// The same, with `90d` before `now`.
///
/// # Errors
/// A sentence with the expected form.
pub(crate) fn earlier(text: &str, now: Moment) -> Result<Moment, String> {
    read(text, now, -1)
}

fn read(text: &str, now: Moment, direction: i32) -> Result<Moment, String> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(Moment(moment.as_millisecond()));
    }
    if let Ok(local) = text.parse::<DateTime>() {
        let moment = local.to_zoned(TimeZone::system()).map_err(|_| expected(text))?;
        return Ok(Moment(moment.timestamp().as_millisecond()));
    }
    let length = span(text).ok_or_else(|| expected(text))?;
    let length = i64::try_from(length.as_millis()).map_err(|_| expected(text))?;
    now.0.checked_add(length.saturating_mul(i64::from(direction))).map(Moment).ok_or_else(|| expected(text))
}

/// A time span such as `90d`, `12h` or `1h 30m`. A day has 24 hours.
fn span(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!length.is_negative()).then_some(length)
}

fn expected(text: &str) -> String {
    format!("expected a time such as 2026-12-31, \"2026-12-31 18:00\" or 90d, got {}", quoted(text))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = Moment(1_800_000_000_000);
        assert_eq!(later("90d", now), Ok(now + Duration::from_secs(90 * 86_400)));
        assert_eq!(earlier("1h 30m", now), Ok(now - Duration::from_secs(5_400)));
        assert_eq!(later("2026-12-31T18:00:00Z", now), Ok(Moment(1_798_740_000_000)));
        assert_eq!(earlier("2026-12-31T18:00:00+01:00", now), Ok(Moment(1_798_736_400_000)));
        assert!(later("2026-12-31", now).is_ok() && later("2026-12-31 18:00", now).is_ok());
    }

    #[test]
    fn a_text_that_is_not_a_time_is_refused_with_the_expected_form() {
        for text in ["", "soon", "-5d", "2026-13-01", "99999999999999999999d"] {
            assert!(later(text, Moment(0)).unwrap_err().contains("expected a time such as"), "{text}");
        }
    }
}

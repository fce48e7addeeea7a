//! The charts of a connection: the latency of the latest checks, and the days.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use soar_host::health::HealthCharts;
use soar_store::model::{HealthState, Moment, Uptime};

use crate::parts::{Day, DayStrip, Meaning, Point, Sparkline};
use crate::visit::Page;

/// The number of days of a strip.
const DAYS: i64 = 30;

/// The whole hours by which the days of the page's time zone begin before the days of UTC.
pub(super) fn offset(page: &Page) -> i64 {
    let now = Timestamp::from_millisecond(page.now().0).unwrap_or_default();
    i64::from(page.zone().to_offset(now).seconds()).div_euclid(3_600)
}

/// The latency of the latest checks.
pub(super) fn latency(charts: &HealthCharts, zone: &TimeZone) -> Sparkline {
    let points = charts.checks.iter().map(|check| {
        #[allow(clippy::cast_precision_loss, reason = "latencies are far below 2^52 ms")]
        let value = (check.result != HealthState::Failing).then_some(check.latency_ms as f64);
        Point::new(time(check.ended_at, zone), value)
    });
    Sparkline::new("Latency of the latest checks", "ms", points)
}

fn time(at: Moment, zone: &TimeZone) -> String {
    let time = Timestamp::from_millisecond(at.0).map(|time| time.to_zoned(zone.clone()));
    time.map_or_else(|_| at.to_string(), |time| time.strftime("%-d %b, %H:%M").to_string())
}

/// The last days up to today.
pub(super) fn days(charts: &HealthCharts, now: Moment, offset: i64) -> DayStrip {
    let today = (now.hours() + offset).div_euclid(24);
    let mut bad = 0;
    let mut total = Uptime::default();
    let mut days = Vec::new();
    for number in today - DAYS + 1..=today {
        let uptime = charts.days.iter().find(|day| day.day == number).map(|day| day.uptime).unwrap_or_default();
        total = Uptime { passed: total.passed + uptime.passed, failed: total.failed + uptime.failed };
        bad += i64::from(uptime.failed > 0);
        let (text, meaning) = described(uptime);
        days.push(Day::new(date(number), text, meaning));
    }
    let label = match total.percent() {
        None => "Last 30 days: no checks".to_owned(),
        Some(_) => format!("Last 30 days: {} of checks passed, {bad} days with failures", percent(total)),
    };
    DayStrip::new(label, days)
}

/// The text of a day, and its meaning.
fn described(uptime: Uptime) -> (String, Meaning) {
    match uptime.percent() {
        None => ("unknown: no checks".to_owned(), Meaning::Neutral),
        Some(_) if uptime.failed == 0 => (format!("all {} checks passed", uptime.passed), Meaning::Good),
        Some(share) => {
            let meaning = if share >= 95.0 { Meaning::Warning } else { Meaning::Bad };
            let all = uptime.passed + uptime.failed;
            (format!("{} of {all} checks failed ({} passed)", uptime.failed, percent(uptime)), meaning)
        }
    }
}

/// The share of passed checks, never rounded up to all; unknown without checks.
pub(super) fn percent(uptime: Uptime) -> String {
    match uptime.percent() {
        None => "—".to_owned(),
        Some(share) if uptime.failed > 0 => format!("{:.2} %", (share * 100.0).floor() / 100.0),
        Some(_) => "100 %".to_owned(),
    }
}

/// The date of a day, counted from 1970.
fn date(number: i64) -> String {
    let date = jiff::civil::date(1970, 1, 1).checked_add(number.days());
    date.map_or_else(|_| number.to_string(), |date| date.strftime("%-d %b %Y").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_among_many_checks_is_never_shown_as_all_passed() {
        assert_eq!(percent(Uptime { passed: 99_999, failed: 1 }), "99.99 %");
        assert_eq!(percent(Uptime { passed: 5, failed: 0 }), "100 %");
        assert_eq!(percent(Uptime::default()), "—");
        assert_eq!(described(Uptime { passed: 1, failed: 1 }).1, Meaning::Bad);
        assert_eq!(described(Uptime::default()).1, Meaning::Neutral);
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(date(0), "1 Jan 1970");
        assert_eq!(date(20_784), "27 Nov 2026");
    }
}

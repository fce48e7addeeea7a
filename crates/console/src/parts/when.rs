//! A time: in the user's time zone with its abbreviation, and how long ago it is.

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use soar_store::model::Moment;

/// A time.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/when.html")]
pub(crate) struct When {
    /// The time for programs.
    machine: String,
    /// Such as `27 Nov 2026, 06:20:05 PST`.
    absolute: String,
    /// Such as `3 min ago`.
    relative: String,
}

impl When {
    pub(crate) fn new(at: Moment, zone: &TimeZone, now: Moment) -> Self {
        let absolute = match Timestamp::from_millisecond(at.0) {
            Ok(time) => time.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M:%S %Z").to_string(),
            Err(_) => at.to_string(),
        };
        Self { machine: at.to_string(), absolute, relative: relative(at, now) }
    }
}

impl When {
    /// The time for programs.
    pub(super) fn machine(&self) -> &str {
        &self.machine
    }
}

const DAY: u64 = 86_400;

/// The units of a distance: the least distance that each is used for, its length in seconds, and its sign. Months of 30
/// days and years of 365 days are used from two of them on, since they are not exact.
const UNITS: [(u64, u64, &str); 6] = [
    (730 * DAY, 365 * DAY, "y"),
    (60 * DAY, 30 * DAY, "mo"),
    (DAY, DAY, "d"),
    (3_600, 3_600, "h"),
    (60, 60, "min"),
    (1, 1, "s"),
];

/// The distance between a time and now, in its largest unit.
fn relative(at: Moment, now: Moment) -> String {
    let distance = now.milliseconds_since(at);
    let seconds = distance.unsigned_abs() / 1_000;
    let Some((_, length, unit)) = UNITS.into_iter().find(|(least, ..)| seconds >= *least) else {
        return "now".to_owned();
    };
    let count = seconds / length;
    if distance < 0 { format!("in {count} {unit}") } else { format!("{count} {unit} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_the_zone_with_its_abbreviation() {
        let zone = TimeZone::get("America/Vancouver").unwrap();
        let at = Moment(1_795_243_392_500);
        let shown = When::new(at, &zone, Moment(at.0 + 200_000)).to_string();
        assert!(shown.contains("20 Nov 2026, 22:43:12 PST"), "{shown}");
        assert!(shown.contains("3 min ago"), "{shown}");
        assert!(shown.contains("datetime=\"2026-11-21T06:43:12.5Z\""), "{shown}");
    }

    #[test]
    fn a_distance_is_in_its_largest_unit() {
        let texts = [0, 59_000, 60_000, 7_200_000, 400_000_000, -61_000].map(|ago| relative(Moment(0), Moment(ago)));
        assert_eq!(texts, ["now", "59 s ago", "1 min ago", "2 h ago", "4 d ago", "in 1 min"]);
        let texts = [59, 60, 400, 729, 730, 2_434, -90].map(|days| relative(Moment(0), Moment(days * 86_400_000)));
        assert_eq!(texts, ["59 d ago", "2 mo ago", "13 mo ago", "24 mo ago", "2 y ago", "6 y ago", "in 3 mo"]);
    }
}

//! Cron expressions in a site's time zone, daylight saving time included.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan as _, civil};
use soar_connector::name::quoted;

/// Longer ones are nobody's.
const LONGEST: usize = 200;

/// An expression as `30 2 * * 1-5`: minute, hour, day of month, month, day of week, in a time zone.
///
/// Where a change of the clocks leaves out a time that the expression names, it comes that much later instead: 02:30
/// of a night that jumps from 02:00 to 03:00 is 03:30. Where a time comes twice, its first coming counts. So a nightly
/// schedule runs once every night. An expression for every hour (`*/15 * * * *`) follows real time instead: it skips
/// nothing and doubles nothing. (The first is what RFC 5545 says of such times, the second what cron does.)
#[derive(Debug, Clone)]
pub struct CronSchedule {
    cron: Cron,
    zone: TimeZone,
}

impl CronSchedule {
    /// The expression in the time zone of that IANA name.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what was expected.
    pub fn parse(expression: &str, time_zone: &str) -> Result<Self, String> {
        // The machine's zones first: they may be newer than those in this program.
        let zone = TimeZone::get(time_zone).or_else(|_| TimeZoneDatabase::bundled().get(time_zone)).map_err(|_| {
            format!(
                "There is no time zone {}. Expected an IANA name, such as America/Vancouver or UTC.",
                quoted(time_zone)
            )
        })?;
        let expected = "Expected five fields, minute, hour, day of month, month and day of week, such as \
                        `30 2 * * *` for 02:30 every night, or a name such as @daily.";
        if expression.len() > LONGEST {
            return Err(format!("The cron expression is longer than {LONGEST} characters. {expected}"));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser
            .parse(expression)
            .map_err(|error| format!("The cron expression {} is none: {error} {expected}", quoted(expression)))?;
        let schedule = Self { cron, zone };
        schedule.next_after(0).map_err(|_| {
            format!("The cron expression {} never comes: there is no such date. {expected}", quoted(expression))
        })?;
        Ok(schedule)
    }

    /// When it comes next after `now`; both in milliseconds since 1970.
    ///
    /// # Errors
    /// A sentence, when it never does.
    pub fn next_after(&self, now: i64) -> Result<i64, String> {
        let never = || "The schedule never comes again.".to_owned();
        let now = Timestamp::from_millisecond(now).map_err(|_| never())?;
        let zoned = now.to_zoned(self.zone.clone());
        if (0..24).all(|hour| self.cron.pattern.hour_match(hour).unwrap_or(false)) {
            let next = self.cron.find_next_occurrence(&zoned, false).map_err(|_| never())?;
            return Ok(next.timestamp().as_millisecond());
        }
        // The wall clock goes back by less than a day, so no time before that one can still be ahead.
        let mut wall = zoned.datetime().checked_sub(1.day()).map_err(|_| never())?;
        let mut earliest: Option<(civil::DateTime, Timestamp)> = None;
        loop {
            wall = self.cron.find_next_occurrence(&wall, false).map_err(|_| never())?;
            // A time that is moved out of a gap can be later than the next one on the wall.
            if earliest.is_some_and(|(found, _)| found.checked_add(1.day()).is_ok_and(|end| wall > end)) {
                break;
            }
            let moment = self.zone.to_ambiguous_timestamp(wall).compatible().map_err(|_| never())?;
            if moment > now && earliest.is_none_or(|(_, found)| moment < found) {
                earliest = Some((earliest.map_or(wall, |(first, _)| first), moment));
            }
        }
        earliest.map(|(_, moment)| moment.as_millisecond()).ok_or_else(never)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next four times, on the wall of `zone`.
    fn comes(expression: &str, zone: &str, after: &str) -> Vec<String> {
        let schedule = CronSchedule::parse(expression, zone).unwrap();
        let mut now = after.parse::<Timestamp>().unwrap().as_millisecond();
        (0..4)
            .map(|_| {
                now = schedule.next_after(now).unwrap();
                let zoned = Timestamp::from_millisecond(now).unwrap().in_tz(zone).unwrap();
                zoned.strftime("%m-%d %H:%M%:z").to_string()
            })
            .collect()
    }

    const VANCOUVER: &str = "America/Vancouver";

    #[test]
    fn a_time_that_the_clocks_leave_out_comes_once_and_later() {
        // 02:00 PST is followed by 03:00 PDT on 8 March 2026.
        assert_eq!(
            comes("30 2 * * *", VANCOUVER, "2026-03-07T00:00:00Z"),
            ["03-07 02:30-08:00", "03-08 03:30-07:00", "03-09 02:30-07:00", "03-10 02:30-07:00"]
        );
    }

    #[test]
    fn a_time_that_the_clocks_repeat_comes_once_the_first_time() {
        // 02:00 PDT is followed by 01:00 PST on 1 November 2026.
        assert_eq!(
            comes("30 1 * * *", VANCOUVER, "2026-10-31T07:00:00Z"),
            ["10-31 01:30-07:00", "11-01 01:30-07:00", "11-02 01:30-08:00", "11-03 01:30-08:00"]
        );
    }

    #[test]
    fn every_quarter_of_an_hour_is_one_whatever_the_clocks_do() {
        assert_eq!(
            comes("*/15 * * * *", VANCOUVER, "2026-11-01T08:50:00Z"),
            ["11-01 01:00-08:00", "11-01 01:15-08:00", "11-01 01:30-08:00", "11-01 01:45-08:00"]
        );
        assert_eq!(
            comes("*/30 * * * *", VANCOUVER, "2026-03-08T09:20:00Z"),
            ["03-08 01:30-08:00", "03-08 03:00-07:00", "03-08 03:30-07:00", "03-08 04:00-07:00"]
        );
    }

    #[test]
    fn two_times_that_fall_on_one_moment_come_once() {
        assert_eq!(
            comes("30 2,3 * * *", VANCOUVER, "2026-03-08T08:00:00Z"),
            ["03-08 03:30-07:00", "03-09 02:30-07:00", "03-09 03:30-07:00", "03-10 02:30-07:00"]
        );
    }

    #[test]
    fn a_time_moved_past_another_keeps_the_order_of_real_time() {
        // 02:45 is moved to 03:45, behind 03:05.
        assert_eq!(comes("45 2 * * *", VANCOUVER, "2026-03-08T08:00:00Z")[0], "03-08 03:45-07:00");
        assert_eq!(
            comes("5,45 2,3 * * *", VANCOUVER, "2026-03-08T08:00:00Z"),
            ["03-08 03:05-07:00", "03-08 03:45-07:00", "03-09 02:05-07:00", "03-09 02:45-07:00"]
        );
    }

    #[test]
    fn a_change_at_midnight_and_one_of_half_an_hour() {
        // In Havana, 00:00 is followed by 01:00 on 8 March 2026.
        assert_eq!(comes("0 0 * * *", "America/Havana", "2026-03-07T12:00:00Z")[0], "03-08 01:00-04:00");
        // On Lord Howe Island, 02:00 is followed by 01:30 on 5 April 2026.
        assert_eq!(
            comes("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T10:00:00Z")[..2],
            ["04-05 01:45+11:00", "04-06 01:45+10:30"]
        );
    }

    #[test]
    fn a_bad_expression_is_refused_with_what_was_expected() {
        for bad in ["", "61 * * * *", "* * *", "0 0 31 2 *", "0 0 2 * * *", "every day", &"*".repeat(300)] {
            let error = CronSchedule::parse(bad, "UTC").unwrap_err();
            assert!(error.contains("Expected five fields"), "{bad}: {error}");
        }
        let error = CronSchedule::parse("@daily", "Mars/Olympus").unwrap_err();
        assert!(error.contains("Mars/Olympus") && error.contains("IANA"), "{error}");
        assert!(CronSchedule::parse("@daily", "UTC").is_ok());
    }
}

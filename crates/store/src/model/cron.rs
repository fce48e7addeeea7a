//! Cron expressions in a site's time zone, daylight saving time included.

use super::Moment;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan as _, civil};
use soar_connector::name::quoted;

/// The most characters of an expression.
const LONGEST: usize = 200;

/// An expression as `30 2 * * 1-5`: minute, hour, day of month, month, day of week, in a time zone.
///
/// A change of the clocks can skip a time that the expression names. The schedule then runs that much later: 02:30 of a
/// night that jumps from 02:00 to 03:00 is 03:30. A time that comes twice counts once, the first time. So a nightly
/// schedule runs once every night. An expression for every hour (`*/15 * * * *`) follows real time: it skips nothing
/// and doubles nothing. RFC 5545 has the first rule, cron has the second.
#[derive(Debug, Clone)]
pub struct CronSchedule {
    cron: Cron,
    zone: TimeZone,
}

impl CronSchedule {
    /// The expression in this IANA time zone.
    ///
    /// # Errors
    /// A sentence with the fault and the expected value.
    pub fn parse(expression: &str, time_zone: &str) -> Result<Self, String> {
        // The machine's time zones come first, since they may be newer than those in this program.
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
            .map_err(|error| format!("The cron expression {} is not valid: {error} {expected}", quoted(expression)))?;
        let schedule = Self { cron, zone };
        schedule.next_after(Moment(0)).map_err(|_| {
            format!("The cron expression {} has no time: there is no such date. {expected}", quoted(expression))
        })?;
        Ok(schedule)
    }

    /// The next time after `now`.
    ///
    /// # Errors
    /// A sentence, when there is no next time.
    pub fn next_after(&self, now: Moment) -> Result<Moment, String> {
        let never = || "The schedule has no next time.".to_owned();
        let now = Timestamp::from_millisecond(now.0).map_err(|_| never())?;
        let zoned = now.to_zoned(self.zone.clone());
        if (0..24).all(|hour| self.cron.pattern.hour_match(hour).unwrap_or(false)) {
            let next = self.cron.find_next_occurrence(&zoned, false).map_err(|_| never())?;
            return Ok(Moment(next.timestamp().as_millisecond()));
        }
        // The clocks go back by less than a day, so no time before that is still to come.
        let mut wall = zoned.datetime().checked_sub(1.day()).map_err(|_| never())?;
        let mut earliest: Option<(civil::DateTime, Timestamp)> = None;
        loop {
            wall = self.cron.find_next_occurrence(&wall, false).map_err(|_| never())?;
            // A time that is moved out of a gap can be later than the next one.
            if earliest.is_some_and(|(found, _)| found.checked_add(1.day()).is_ok_and(|end| wall > end)) {
                break;
            }
            let moment = self.zone.to_ambiguous_timestamp(wall).compatible().map_err(|_| never())?;
            if moment > now && earliest.is_none_or(|(_, found)| moment < found) {
                earliest = Some((earliest.map_or(wall, |(first, _)| first), moment));
            }
        }
        earliest.map(|(_, moment)| Moment(moment.as_millisecond())).ok_or_else(never)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next four times, in the local time of `zone`.
    fn comes(expression: &str, zone: &str, after: &str) -> Vec<String> {
        let schedule = CronSchedule::parse(expression, zone).unwrap();
        let mut now = Moment(after.parse::<Timestamp>().unwrap().as_millisecond());
        (0..4)
            .map(|_| {
                now = schedule.next_after(now).unwrap();
                let zoned = Timestamp::from_millisecond(now.0).unwrap().in_tz(zone).unwrap();
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
    fn a_change_of_the_clocks_skips_and_doubles_no_quarter_of_an_hour() {
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
    fn a_bad_expression_is_refused_with_the_expected_form() {
        for bad in ["", "61 * * * *", "* * *", "0 0 31 2 *", "0 0 2 * * *", "every day", &"*".repeat(300)] {
            let error = CronSchedule::parse(bad, "UTC").unwrap_err();
            assert!(error.contains("Expected five fields"), "{bad}: {error}");
        }
        let error = CronSchedule::parse("@daily", "Mars/Olympus").unwrap_err();
        assert!(error.contains("Mars/Olympus") && error.contains("IANA"), "{error}");
        assert!(CronSchedule::parse("@daily", "UTC").is_ok());
    }
}

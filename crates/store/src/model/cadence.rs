//! How often a schedule runs, and its next due time.

use std::time::Duration;

use super::cron::CronSchedule;
use super::{Moment, ScheduleId};

/// The first run of a new schedule is within this time, even if its interval is longer.
const SOON_MS: i64 = 60_000;

/// How often a schedule runs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Cadence {
    /// At an interval. The due times of schedules with the same interval are spread over it.
    #[serde(rename_all = "camelCase")]
    Every {
        /// The interval in milliseconds, more than 0.
        interval_ms: i64,
    },
    /// At the times of a cron expression.
    #[serde(rename_all = "camelCase")]
    Cron {
        /// The expression, such as `30 2 * * *`.
        expression: String,
        /// The IANA time zone of its times.
        time_zone: String,
    },
}

impl Cadence {
    /// Checks the interval or the expression.
    ///
    /// # Errors
    /// A sentence with the fault and the expected value.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Every { interval_ms } if *interval_ms > 0 => Ok(()),
            Self::Every { .. } => Err("The interval is not valid: expected a whole number above 0.".to_owned()),
            Self::Cron { expression, time_zone } => CronSchedule::parse(expression, time_zone).map(|_| ()),
        }
    }

    /// The time between two due times. `None` for a cron expression.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        match self {
            Self::Every { interval_ms } => Some(Duration::from_millis((*interval_ms).max(1).cast_unsigned())),
            Self::Cron { .. } => None,
        }
    }

    /// The first due time of the schedule `id` that was created, changed or activated at `now`. The first due times of
    /// several schedules are spread over a minute, or over their interval if that is shorter.
    ///
    /// # Errors
    /// A sentence, when the schedule is never due.
    pub fn first_due(&self, id: ScheduleId, now: Moment) -> Result<Moment, String> {
        match self {
            Self::Every { interval_ms } => {
                Ok(now + Duration::from_millis(1 + spread(id.0, (*interval_ms).clamp(1, SOON_MS))))
            }
            Self::Cron { .. } => self.next_due(now, now),
        }
    }

    /// The next due time after `now` of a schedule that was due at `due_at`, a whole number of intervals later. Missed
    /// due times are skipped.
    ///
    /// # Errors
    /// A sentence, when there is no next due time.
    pub fn next_due(&self, due_at: Moment, now: Moment) -> Result<Moment, String> {
        match self {
            Self::Every { interval_ms } => {
                let interval = (*interval_ms).max(1);
                let since = now.milliseconds_since(due_at).rem_euclid(interval);
                Ok(Moment(now.0.saturating_add(interval - since)))
            }
            Self::Cron { expression, time_zone } => CronSchedule::parse(expression, time_zone)?.next_after(now),
        }
    }
}

/// A number from 0 to `range` - 1. It is always the same for `id`, and pseudo-random from one id to the next.
fn spread(id: i64, range: i64) -> u64 {
    // The mixing step of SplitMix64 spreads consecutive numbers.
    let mut mixed = id.cast_unsigned().wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    mixed % range.max(1).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);
    const NOW: Moment = Moment(1_700_000_000_000);
    const MINUTE: Cadence = Cadence::Every { interval_ms: 60_000 };

    #[test]
    fn schedules_of_one_interval_spread_over_it() {
        let mut seconds = [0; 60];
        for id in 1..=10_000 {
            let due = MINUTE.first_due(ScheduleId(id), NOW).unwrap();
            seconds[usize::try_from(due.0 / 1000 % 60).unwrap()] += 1;
        }
        assert!(seconds.iter().all(|count| (120..=220).contains(count)), "{seconds:?}");
    }

    #[test]
    fn due_times_are_an_interval_apart() {
        let every = Cadence::Every { interval_ms: 600 * 60_000 };
        let first = every.first_due(ScheduleId(7), NOW).unwrap();
        let late = Duration::from_secs(17);
        assert_eq!(every.next_due(first, first).unwrap(), first + Duration::from_secs(600 * 60));
        assert_eq!(every.next_due(first, first + late).unwrap(), first + Duration::from_secs(600 * 60));
        assert_eq!(every.interval(), Some(Duration::from_secs(600 * 60)));
    }

    #[test]
    fn due_times_that_were_missed_are_left_out() {
        let after_a_day = MINUTE.next_due(NOW, NOW + DAY + Duration::from_millis(5)).unwrap();
        assert_eq!(after_a_day, NOW + DAY + Duration::from_secs(60));
    }

    #[test]
    fn after_a_due_time_of_a_clock_that_was_ahead_the_next_is_within_an_interval() {
        assert_eq!(MINUTE.next_due(NOW + DAY * 365 + Duration::from_millis(5), NOW).unwrap(), Moment(NOW.0 + 5));
        for wrong in [Moment::MAX, Moment::MIN, Moment(0)] {
            let next = MINUTE.next_due(wrong, NOW).unwrap().milliseconds_since(NOW);
            assert!((1..=60_000).contains(&next), "{wrong}: {next}");
        }
    }

    #[test]
    fn the_first_run_comes_soon_even_where_the_interval_is_a_day() {
        let daily = Cadence::Every { interval_ms: 86_400_000 };
        for id in 0..100 {
            let first = daily.first_due(ScheduleId(id), NOW).unwrap().milliseconds_since(NOW);
            assert!((1..=60_000).contains(&first), "{first}");
        }
    }

    #[test]
    fn an_interval_of_nothing_is_refused() {
        assert!(Cadence::Every { interval_ms: 0 }.check().is_err());
        assert!(Cadence::Every { interval_ms: -5 }.next_due(Moment(1), Moment(1000)).is_ok());
        let bad = Cadence::Cron { expression: "nightly".into(), time_zone: "UTC".into() };
        assert!(bad.check().unwrap_err().contains("five fields"));
    }
}

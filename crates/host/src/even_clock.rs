//! Decides whether a clock is reliable enough to delete data by age.

use std::time::Duration;

use soar_store::model::Moment;

/// The time for which the clock must have run evenly.
const LONG_ENOUGH: Duration = Duration::from_secs(600);

/// The largest difference between two readings of the clock and the time that passed between them.
const TOLERANCE: Duration = Duration::from_secs(10);

/// Compares the readings of a clock that can be set with the time that passes.
///
/// If a clock were a year ahead for some seconds, all answers, checks and logs would be old enough to be deleted.
#[derive(Debug, Default)]
pub struct EvenClock(Option<Readings>);

#[derive(Debug, Clone, Copy)]
struct Readings {
    /// The elapsed time at the first of the even readings.
    first: Duration,
    /// The elapsed time at the last reading.
    last: Duration,
    /// The clock's time at the last reading.
    time: Moment,
}

impl EvenClock {
    /// Takes a reading: the clock's time is `now`, after `elapsed` on the clock of elapsed time. Returns whether data may
    /// be deleted by age.
    pub fn allows_deleting(&mut self, now: Moment, elapsed: Duration) -> bool {
        let is_even = |before: &Readings| {
            let expected = before.time + elapsed.saturating_sub(before.last);
            now.since(expected).max(expected.since(now)) <= TOLERANCE
        };
        let first = self.0.filter(is_even).map_or(elapsed, |before| before.first);
        self.0 = Some(Readings { first, last: elapsed, time: now });
        elapsed.saturating_sub(first) >= LONG_ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_deletes_nothing_for_ten_minutes() {
        let mut clock = EvenClock::default();
        let mut at = |minute: u64, ahead: i64| {
            clock.allows_deleting(Moment(minute.cast_signed() * 60_000 + ahead), Duration::from_secs(minute * 60))
        };
        const YEAR: i64 = 365 * 86_400_000;
        assert!((0..10).all(|minute| !at(minute, YEAR)), "a host that starts with a wrong clock");
        assert!(at(10, YEAR) && at(11, YEAR + 5_000), "slewed");
        assert!((12..22).all(|minute| !at(minute, 0)), "set right");
        assert!(at(22, 0));
        assert!(!at(23, YEAR) && !at(24, 0), "wrong for a while");
        assert!((25..34).all(|minute| !at(minute, 0)) && at(34, 0));
    }
}

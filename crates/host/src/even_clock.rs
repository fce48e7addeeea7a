//! Whether a clock has run evenly, so that what is old by it may be deleted.

use std::time::Duration;

use soar_store::model::Moment;

/// How long the clock must have run evenly.
const LONG_ENOUGH: Duration = Duration::from_secs(600);

/// How far the clock may differ, from one reading to the next, from the time that has passed.
const TOLERANCE: Duration = Duration::from_secs(10);

/// The readings of a clock that can be set, beside the time that has passed.
///
/// A clock that is a year ahead for some seconds would make all answers, checks and logs old enough to be deleted.
#[derive(Debug, Default)]
pub struct EvenClock(Option<Readings>);

#[derive(Debug, Clone, Copy)]
struct Readings {
    /// The time that had passed at the first of the even readings, and at the last one.
    first: Duration,
    last: Duration,
    /// What the clock said at the last one.
    said: Moment,
}

impl EvenClock {
    /// Takes in that the clock says `now` after `elapsed`; whether what is old by it may be deleted.
    pub fn allows_deleting(&mut self, now: Moment, elapsed: Duration) -> bool {
        let is_even = |before: &Readings| {
            let expected = before.said + elapsed.saturating_sub(before.last);
            now.since(expected).max(expected.since(now)) <= TOLERANCE
        };
        let first = self.0.filter(is_even).map_or(elapsed, |before| before.first);
        self.0 = Some(Readings { first, last: elapsed, said: now });
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

//! The health that follows from the results of checks, and its alerts.

use std::time::Duration;

use super::health::CLOCK_TOLERANCE;
use super::{AlertReason, Health, HealthState, Moment};

/// The number of latest results that decide whether a connection flaps.
const RECENT: u32 = 20;

/// A connection flaps if at least this many of the [`RECENT`] results differ from the one before. Two short failures
/// are two changes each.
const FLAPPING: u32 = 4;

/// When an alert is opened, and when a result is out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertRules {
    /// The number of failures in a row that opens an alert.
    pub after_failures: i64,
    /// The number of successes in a row after which it has recovered.
    pub after_successes: i64,
    /// A check that takes this many milliseconds or more is slow.
    pub slow_ms: i64,
    /// The time between two checks. `None` for a cron expression.
    pub interval: Option<Duration>,
}

/// Why a check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckError {
    /// The Error tab.
    pub tab: String,
    /// The code of the error in the integration's manifest. `None` where the command of the check did not run.
    pub code: Option<String>,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// The duration in milliseconds.
    pub latency_ms: i64,
    /// The error of a failed check.
    pub error: Option<CheckError>,
    /// A sentence about a certificate or credential that is about to expire.
    pub expiring: Option<String>,
}

impl CheckResult {
    /// The state that it proves, and the reason if that is not Healthy.
    #[must_use]
    pub fn proves(&self, slow_ms: i64) -> (HealthState, Option<String>) {
        if let Some(error) = &self.error {
            return (HealthState::Failing, Some(error.tab.clone()));
        }
        let slow = (self.latency_ms >= slow_ms)
            .then(|| format!("It took {} ms; {slow_ms} ms or more is slow.", self.latency_ms));
        match (slow, &self.expiring) {
            (None, None) => (HealthState::Healthy, None),
            (Some(slow), None) => (HealthState::Degraded, Some(slow)),
            (None, Some(expiring)) => (HealthState::Degraded, Some(expiring.clone())),
            (Some(slow), Some(expiring)) => (HealthState::Degraded, Some(format!("{slow} {expiring}"))),
        }
    }
}

/// A message that a result gives reason to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthNotice {
    /// It fails or flaps. An outage is reported even if flapping was reported before. Nothing else is reported until
    /// [`Recovered`](Self::Recovered).
    Alert(AlertReason),
    /// It passes again, and does not flap.
    Recovered,
}

impl Health {
    /// Adds a result of `now`. Returns the message that it gives reason to send.
    pub fn after(&mut self, check: &CheckResult, now: Moment, rules: AlertRules) -> Option<HealthNotice> {
        if self.stale_since(now, rules.interval).is_some() {
            // Passes are in a row only if no check is missing between them.
            self.successes = 0;
        }
        self.forget_the_future(now);
        let (proven, why) = check.proves(rules.slow_ms);
        let failed = proven == HealthState::Failing;
        self.last_check_at = Some(now);
        self.latency_ms = Some(check.latency_ms);
        if failed {
            self.failures += 1;
            self.successes = 0;
            self.last_error = why;
            self.last_error_code = check.error.as_ref().and_then(|error| error.code.clone());
            self.last_error_at = Some(now);
            self.notice = None;
        } else {
            self.failures = 0;
            self.successes += 1;
            self.last_proof_at = Some(now);
            self.notice = why;
        }
        self.recent = ((self.recent << 1) | i64::from(failed)) & ((1 << RECENT) - 1);
        self.recent_count = (self.recent_count + 1).min(i64::from(RECENT));
        self.conclude(proven, now, rules)
    }

    /// Drops times in the future, which a wrong clock wrote.
    fn forget_the_future(&mut self, now: Moment) {
        self.since = self.since.min(now);
        let is_past = |at: &Moment| *at <= now + CLOCK_TOLERANCE;
        self.last_proof_at = self.last_proof_at.filter(is_past);
        self.last_error_at = self.last_error_at.filter(is_past);
    }

    /// The state and the message after a result that proves `proven`. A recovery changes both at once.
    fn conclude(&mut self, proven: HealthState, now: Moment, rules: AlertRules) -> Option<HealthNotice> {
        let flaps = self.changes() >= FLAPPING;
        let failed = proven == HealthState::Failing;
        // A reported failure that flaps has not settled.
        let settled = self.successes >= rules.after_successes && !(flaps && self.alerted.is_some());
        let failed_before =
            matches!(self.state, HealthState::Failing | HealthState::Recovering) || self.alerted.is_some();
        let state = if !failed && failed_before && !settled { HealthState::Recovering } else { proven };
        if state != self.state {
            self.state = state;
            self.since = now;
        }
        if !failed {
            return (settled && self.alerted.take().is_some()).then_some(HealthNotice::Recovered);
        }
        let reason = match self.alerted {
            Some(AlertReason::Failing) => return None,
            _ if self.failures >= rules.after_failures => AlertReason::Failing,
            None if flaps => AlertReason::Flapping,
            _ => return None,
        };
        self.alerted = Some(reason);
        Some(HealthNotice::Alert(reason))
    }

    /// The number of changes between passed and failed among the latest results.
    fn changes(&self) -> u32 {
        let pairs = self.recent_count.max(1) - 1;
        ((self.recent ^ (self.recent >> 1)) & ((1 << pairs) - 1)).count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: AlertRules =
        AlertRules { after_failures: 3, after_successes: 2, slow_ms: 5000, interval: Some(Duration::from_millis(10)) };

    fn check(mark: char) -> CheckResult {
        let latency_ms = if mark == 's' { 6000 } else { 20 };
        let error = (mark == 'F')
            .then(|| CheckError { tab: "Test Connection failed.".to_owned(), code: Some("unreachable".to_owned()) });
        let expiring = (mark == 'e').then(|| "The certificate expires in 3 days.".to_owned());
        CheckResult { latency_ms, error, expiring }
    }

    /// The messages over a series of checks: `A` outage, `f` flapping, `R` recovered, `.` none.
    fn said(checks: &str) -> String {
        let mut health = Health::unknown(Moment(0));
        let said = checks.chars().zip(1..).map(|(mark, now)| match health.after(&check(mark), Moment(now), RULES) {
            None => '.',
            Some(HealthNotice::Alert(AlertReason::Failing)) => 'A',
            Some(HealthNotice::Alert(AlertReason::Flapping)) => 'f',
            Some(HealthNotice::Recovered) => 'R',
        });
        said.collect()
    }

    #[test]
    fn messages_over_a_series_of_checks() {
        let table = [
            ("a healthy one", "........", "........"),
            ("two failures are not three", "..FF....", "........"),
            ("the third failure in a row, once", "..FFFFFF", "....A..."),
            ("recovery at the second success in a row, once", "FFFF.....", "..A..R..."),
            ("a single success is not recovery", "FFF.FFF.FF..", "..A........."),
            ("never proven and failing", "FFF", "..A"),
            ("slow and expiring are no failures", "ssseeess", "........"),
            ("flapping below the limit is one message", ".F.F.F.F.F.F", ".....f......"),
            ("slow flapping, once it is seen as such", "FFF..FFF..FFF..FFF..FFF", "..A.R..A.Rf.A.........."),
            ("an outage after flapping", ".F.F.FFFFFFF", ".....f.A...."),
            ("flapping after an outage", "FFFF.F.F.F.F", "..A........."),
        ];
        for (what, checks, expected) in table {
            assert_eq!(said(checks), expected, "{what}: {checks}");
        }
    }

    #[test]
    fn one_that_flapped_recovers_once_when_it_has_settled() {
        let checks = format!("{}{}", ".F.F.F.F", ".".repeat(40));
        let said = said(&checks);
        assert_eq!(said.matches('f').count(), 1, "{said}");
        assert_eq!(said.matches('R').count(), 1, "{said}");
        assert!(said.find('R').unwrap() > 20, "{said}");
    }

    #[test]
    fn a_second_outage_soon_after_is_reported_too() {
        let said = said("....FFFF.....FFFF");
        assert_eq!(said, "......A..R.....A.");
    }

    #[test]
    fn the_state_says_since_when_and_remembers_the_last_proof_and_error() {
        let mut health = Health::unknown(Moment(5));
        assert_eq!((health.state, health.since), (HealthState::Unknown, Moment(5)));
        health.after(&check('.'), Moment(10), RULES);
        health.after(&check('.'), Moment(20), RULES);
        assert_eq!(
            (health.state, health.since, health.last_proof_at),
            (HealthState::Healthy, Moment(10), Some(Moment(20)))
        );
        health.after(&check('s'), Moment(30), RULES);
        assert_eq!((health.state, health.since), (HealthState::Degraded, Moment(30)));
        assert_eq!(health.notice.as_deref(), Some("It took 6000 ms; 5000 ms or more is slow."));
        health.after(&check('F'), Moment(40), RULES);
        assert_eq!(
            (health.state, health.since, health.last_proof_at),
            (HealthState::Failing, Moment(40), Some(Moment(30)))
        );
        assert_eq!((health.last_error_at, &health.notice), (Some(Moment(40)), &None));
        health.after(&check('e'), Moment(50), RULES);
        assert_eq!((health.state, health.since), (HealthState::Recovering, Moment(50)));
        health.after(&check('e'), Moment(60), RULES);
        assert_eq!((health.state, health.since), (HealthState::Degraded, Moment(60)));
        assert_eq!(health.last_error_at, Some(Moment(40)));
        assert_eq!(health.notice.as_deref(), Some("The certificate expires in 3 days."));
        assert_eq!(health.last_error.as_deref(), Some("Test Connection failed."));
        assert_eq!(health.last_error_code.as_deref(), Some("unreachable"));
        let error = CheckError { tab: "The connection has no agent.".to_owned(), code: None };
        health.after(&CheckResult { error: Some(error), ..check('F') }, Moment(70), RULES);
        assert_eq!(health.last_error_code, None, "the code of an earlier error explains another one");
    }
    /// The states over a series of checks, by their first letters.
    fn states(checks: &str, rules: AlertRules) -> String {
        let mut health = Health::unknown(Moment(0));
        let states = checks.chars().zip(1..).map(|(mark, now)| {
            let was_alerted = health.alerted.is_some();
            let notice = health.after(&check(mark), Moment(now), rules);
            let is_good = matches!(health.state, HealthState::Healthy | HealthState::Degraded);
            assert!(!(is_good && health.alerted.is_some()), "{checks}: healthy, and its recovery is not told");
            assert_eq!(notice == Some(HealthNotice::Recovered), was_alerted && is_good, "{checks}: both at once");
            health.state.as_str().chars().next().unwrap()
        });
        states.collect()
    }

    #[test]
    fn the_state_is_recovering_until_the_recovery_is_reported() {
        let table = [
            ("..F..", "HHFRH"),
            ("FFFF...", "FFFFRHH"),
            ("FFF.F.ss", "FFFRFRDD"),
            ("FFF.FFF..", "FFFRFFFRH"),
            ("sFse.", "DFRDH"),
        ];
        for (checks, expected) in table {
            assert_eq!(states(checks, RULES), expected, "{checks}");
        }
        for after_successes in [1, 10] {
            let passes = usize::try_from(after_successes).unwrap();
            let expected = format!("FFF{}H", "R".repeat(passes - 1));
            let rules = AlertRules { after_successes, ..RULES };
            assert_eq!(states(&format!("FFF{}", ".".repeat(passes)), rules), expected);
        }
        let flapping = states(&format!(".F.F.F{}", ".".repeat(40)), RULES);
        assert!(flapping.starts_with("HFRFRFRRR") && flapping.ends_with('H'), "{flapping}");
    }

    #[test]
    fn passes_with_a_gap_between_them_are_not_in_a_row() {
        let mut health = Health::unknown(Moment(0));
        for now in [1, 2, 3] {
            health.after(&check('F'), Moment(now), RULES);
        }
        assert_eq!(health.after(&check('.'), Moment(10), RULES), None);
        assert_eq!(health.after(&check('.'), Moment(31), RULES), None);
        assert_eq!(health.after(&check('.'), Moment(51), RULES), Some(HealthNotice::Recovered));
    }

    #[test]
    fn times_of_a_clock_that_was_ahead_are_corrected() {
        let future = Moment(1_000_000);
        let mut health = Health::unknown(Moment(0));
        for mark in ['F', 'F', 'F', '.'] {
            health.after(&check(mark), future, RULES);
        }
        assert_eq!(health.after(&check('.'), Moment(10), RULES), None, "the pass of the future does not count");
        assert_eq!((health.since, health.last_error_at), (Moment(10), None));
        assert_eq!(health.after(&check('F'), Moment(11), RULES), None);
        assert_eq!(health.last_proof_at, Some(Moment(10)));
    }
}

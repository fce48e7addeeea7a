//! How a connection fares: what each check makes of its state, and when somebody is to be told.

use serde::Serialize;
use utoipa::ToSchema;

use super::Moment;
use crate::model::access::text_enum;

text_enum! {
    /// How a connection fares.
    pub enum HealthState {
        /// Nothing has proven it yet.
        Unknown,
        /// Its latest check passed.
        Healthy,
        /// Its latest check passed, but slowly, or its certificate or credential is about to expire.
        Degraded,
        /// Its latest check failed.
        Failing,
    }
}

/// How many of the latest results say whether a connection flaps.
const RECENT: u32 = 20;

/// From so many changes between passed and failed among the [`RECENT`] results on, a connection flaps: two short
/// failures are two changes each.
const FLAPPING: u32 = 4;

/// When somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertRules {
    /// After so many failures in a row that it fails.
    pub after_failures: i64,
    /// After so many successes in a row that it recovered.
    pub after_successes: i64,
    /// From how many milliseconds on a successful check is a slow one.
    pub slow_ms: i64,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// How long it took, in milliseconds.
    pub latency_ms: i64,
    /// The Error tab of a failed one.
    pub error: Option<String>,
    /// What is about to expire, in a sentence.
    pub expiring: Option<String>,
}

impl CheckResult {
    /// The state that it proves, and why where that is not Healthy.
    #[must_use]
    pub fn proves(&self, slow_ms: i64) -> (HealthState, Option<String>) {
        if let Some(error) = &self.error {
            return (HealthState::Failing, Some(error.clone()));
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

text_enum! {
    /// Why somebody is told.
    pub enum AlertReason {
        /// It failed several times in a row.
        Failing,
        /// It keeps passing and failing.
        Flapping,
    }
}

/// What a check changed that somebody is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It fails. There is no other of these until [`Recovered`](Self::Recovered).
    Alert(AlertReason),
    /// It passes again, and has settled.
    Recovered,
}

/// How a connection fares, since when, and what is known of its past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// How it fares.
    pub state: HealthState,
    /// Since when.
    #[schema(value_type = i64)]
    pub since: Moment,
    /// When it was checked last.
    #[schema(value_type = Option<i64>)]
    pub last_check_at: Option<Moment>,
    /// When a check passed last.
    #[schema(value_type = Option<i64>)]
    pub last_proof_at: Option<Moment>,
    /// The Error tab of the last check that failed.
    pub last_error: Option<String>,
    /// When that was.
    #[schema(value_type = Option<i64>)]
    pub last_error_at: Option<Moment>,
    /// Why it is degraded.
    pub notice: Option<String>,
    /// How long the latest check took, in milliseconds.
    pub latency_ms: Option<i64>,
    /// How many checks failed in a row.
    pub failures: i64,
    /// How many checks passed in a row.
    pub successes: i64,
    /// The latest results as bits, the newest lowest, 1 for failed.
    #[serde(skip)]
    pub recent: i64,
    /// How many of these there are.
    #[serde(skip)]
    pub recent_count: i64,
    /// Whether somebody was told that it fails, and not yet that it recovered.
    #[sqlx(try_from = "crate::columns::Flag")]
    pub alerted: bool,
}

impl Health {
    /// Of something that was never checked.
    #[must_use]
    pub fn unknown(now: Moment) -> Self {
        Self {
            state: HealthState::Unknown,
            since: now,
            last_check_at: None,
            last_proof_at: None,
            last_error: None,
            last_error_at: None,
            notice: None,
            latency_ms: None,
            failures: 0,
            successes: 0,
            recent: 0,
            recent_count: 0,
            alerted: false,
        }
    }

    /// Takes in a check that ended at `now`, and says what somebody is to be told.
    pub fn after(&mut self, check: &CheckResult, now: Moment, rules: AlertRules) -> Option<Notice> {
        let (state, why) = check.proves(rules.slow_ms);
        if state != self.state {
            self.state = state;
            self.since = now;
        }
        self.last_check_at = Some(now);
        self.latency_ms = Some(check.latency_ms);
        let failed = state == HealthState::Failing;
        if failed {
            self.failures += 1;
            self.successes = 0;
            self.last_error = why;
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
        self.notice_of(rules)
    }

    fn notice_of(&mut self, rules: AlertRules) -> Option<Notice> {
        let flaps = self.changes() >= FLAPPING;
        if self.alerted {
            // One that flaps has not settled: who was told that it fails hears nothing until it has.
            if self.successes >= rules.after_successes && !flaps {
                self.alerted = false;
                return Some(Notice::Recovered);
            }
            return None;
        }
        let reason = if self.failures >= rules.after_failures {
            AlertReason::Failing
        } else if flaps && self.failures > 0 {
            AlertReason::Flapping
        } else {
            return None;
        };
        self.alerted = true;
        Some(Notice::Alert(reason))
    }

    /// How often the latest results changed between passed and failed.
    fn changes(&self) -> u32 {
        let pairs = self.recent_count.max(1) - 1;
        ((self.recent ^ (self.recent >> 1)) & ((1 << pairs) - 1)).count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: AlertRules = AlertRules { after_failures: 3, after_successes: 2, slow_ms: 5000 };

    fn check(mark: char) -> CheckResult {
        let latency_ms = if mark == 's' { 6000 } else { 20 };
        let error = (mark == 'F').then(|| "Test Connection failed.".to_owned());
        let expiring = (mark == 'e').then(|| "The certificate expires in 3 days.".to_owned());
        CheckResult { latency_ms, error, expiring }
    }

    /// What is said over a series of checks: `A` alert, `f` flapping, `R` recovered, `.` nothing.
    fn said(checks: &str) -> String {
        let mut health = Health::unknown(Moment(0));
        let said = checks.chars().zip(1..).map(|(mark, now)| match health.after(&check(mark), Moment(now), RULES) {
            None => '.',
            Some(Notice::Alert(AlertReason::Failing)) => 'A',
            Some(Notice::Alert(AlertReason::Flapping)) => 'f',
            Some(Notice::Recovered) => 'R',
        });
        said.collect()
    }

    #[test]
    fn who_is_told_what() {
        let table = [
            ("a healthy one", "........", "........"),
            ("two failures are not three", "..FF....", "........"),
            ("the third failure in a row, once", "..FFFFFF", "....A..."),
            ("recovery at the second success in a row, once", "FFFF.....", "..A..R..."),
            ("a single success is not recovery", "FFF.FFF.FF..", "..A........."),
            ("never proven and failing", "FFF", "..A"),
            ("slow and expiring are no failures", "ssseeess", "........"),
            ("flapping below the limit is one message", ".F.F.F.F.F.F", ".....f......"),
            ("slow flapping, once it is seen as such", "FFF..FFF..FFF..FFF..FFF", "..A.R..A.Rf............"),
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
    fn a_second_outage_soon_after_is_told_too() {
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
        assert_eq!((health.state, health.last_error_at), (HealthState::Degraded, Some(Moment(40))));
        assert_eq!(health.notice.as_deref(), Some("The certificate expires in 3 days."));
        assert_eq!(health.last_error.as_deref(), Some("Test Connection failed."));
    }
}

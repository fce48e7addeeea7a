//! A connection's health, as a row for a person and as a row for a program.

use std::time::Duration;

use serde::Serialize;
use soar_connector::ErrorParts;
use soar_host::health::ConnectionHealth;
use soar_store::model::{HealthState, Moment, Uptime};

use crate::printer::{ListRow, moment, moment_if_any};

/// A check that is due for longer than this is overdue: probably no host runs it.
const OVERDUE: Duration = Duration::from_secs(15);

/// The most characters of an error in a row.
const LONGEST_ERROR: usize = 100;

/// A row for a person. Its times are relative to now.
#[derive(Debug, Serialize)]
pub(super) struct HealthRow {
    #[serde(flatten)]
    pub(super) connection: ConnectionHealth,
    #[serde(skip)]
    pub(super) now: Moment,
}

impl ListRow for HealthRow {
    const HEADINGS: &[&str] = &[
        "Connection",
        "State",
        "Since",
        "Last Proof",
        "Next Check",
        "24 h",
        "7 d",
        "30 d",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "Site",
        "Last Error",
    ];

    const DISPENSABLE: &[&str] = &["p50 ms", "p99 ms", "30 d", "7 d", "p95 ms", "Next Check", "Site", "Since", "24 h"];

    fn cells(&self) -> Vec<String> {
        let one = &self.connection;
        let health = &one.health;
        let ago = |at: Moment| span(self.now.milliseconds_since(at));
        let next = match one.next_due_at {
            None if one.site_inactive.is_some() => "site inactive".to_owned(),
            None => "not checked".to_owned(),
            Some(at) if self.now > at + OVERDUE => format!("{} overdue", ago(at)),
            Some(at) => format!("in {}", span(at.milliseconds_since(self.now))),
        };
        let error = match (health.state, health.last_error_at) {
            (HealthState::Failing, _) | (_, None) => last_error(one),
            (_, Some(at)) if last_error(one).is_empty() => ago(at),
            (HealthState::Degraded, Some(_)) if health.notice.is_some() => last_error(one),
            (_, Some(at)) => format!("{} ago: {}", ago(at), last_error(one)),
        };
        let proof = health.last_proof_at.map(|at| format!("{} ago", ago(at))).unwrap_or_default();
        let mut cells = vec![one.name.clone(), health.state.to_string(), ago(health.since), proof, next];
        cells.extend(numbers(one));
        cells.extend([one.site.clone(), error]);
        cells
    }
}

impl ListRow for ConnectionHealth {
    const HEADINGS: &[&str] = &[
        "Connection",
        "Site",
        "State",
        "Since",
        "Last Proof",
        "Last Check",
        "Next Check",
        "Uptime 24 h",
        "Uptime 7 d",
        "Uptime 30 d",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "Last Error At",
        "Last Error",
        "Notice",
    ];

    fn cells(&self) -> Vec<String> {
        let health = &self.health;
        let mut cells = vec![
            self.name.clone(),
            self.site.clone(),
            health.state.to_string(),
            moment(health.since),
            moment_if_any(health.last_proof_at),
            moment_if_any(health.last_check_at),
            moment_if_any(self.next_due_at),
        ];
        cells.extend(numbers(self));
        cells.extend([
            moment_if_any(health.last_error_at),
            health.last_error.clone().unwrap_or_default(),
            health.notice.clone().unwrap_or_default(),
        ]);
        cells
    }
}

/// Uptimes and latencies.
fn numbers(one: &ConnectionHealth) -> [String; 6] {
    let latency = |of: fn(&soar_store::model::Latency) -> i64| {
        one.latency_day.as_ref().map(|latency| of(latency).to_string()).unwrap_or_default()
    };
    [
        percent(one.uptime_day),
        percent(one.uptime_week),
        percent(one.uptime_month),
        latency(|latency| latency.p50_ms),
        latency(|latency| latency.p95_ms),
        latency(|latency| latency.p99_ms),
    ]
}

/// Rounded down, so 100 % means no failure.
pub(super) fn percent(uptime: Uptime) -> String {
    uptime.percent().map(|percent| format!("{:.2}%", (percent * 100.0).floor() / 100.0)).unwrap_or_default()
}

/// The reason of the state, or the last error, on one line: the message of the Error tab and its status code.
fn last_error(one: &ConnectionHealth) -> String {
    let health = &one.health;
    if let (HealthState::Degraded, Some(notice)) = (health.state, &health.notice) {
        return shortened(notice);
    }
    health.last_error.as_deref().map(in_short).unwrap_or_default()
}

/// An Error tab on one line.
fn in_short(tab: &str) -> String {
    match ErrorParts::of(tab) {
        None => shortened(tab.lines().next().unwrap_or_default()),
        Some(ErrorParts { status_code: "N/A", message, .. }) => shortened(message),
        Some(ErrorParts { status_code, message, .. }) => shortened(&format!("{status_code} {message}")),
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST_ERROR).collect();
    if text.chars().count() > LONGEST_ERROR {
        short.push('…');
    }
    short
}

/// A duration in its largest unit: `12 s`, `5 min`, `3 h`, `2 d`.
pub(super) fn span(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tab_in_short_is_its_message_and_its_status() {
        let tab = "Test Connection failed. Failed to check the connector.\nStatus Code: 401.\nMessage: Wrong password.";
        assert_eq!(in_short(tab), "401 Wrong password.");
        assert_eq!(in_short(&tab.replace("401", "N/A")), "Wrong password.");
        assert_eq!(in_short("It broke."), "It broke.");
        assert_eq!(in_short(&"ä".repeat(200)).chars().count(), LONGEST_ERROR + 1);
    }

    #[test]
    fn a_hundred_per_cent_means_no_failure() {
        assert_eq!(percent(Uptime { passed: 99_999, failed: 1 }), "99.99%");
        assert_eq!(percent(Uptime { passed: 5, failed: 0 }), "100.00%");
        assert_eq!(percent(Uptime::default()), "");
    }

    #[test]
    fn lengths_of_time_are_said_in_their_largest_unit() {
        let spans = [0, 119_000, 120_000, 7_200_000, 172_800_000, -5];
        assert_eq!(spans.map(span), ["0 s", "119 s", "2 min", "2 h", "2 d", "0 s"]);
    }
}

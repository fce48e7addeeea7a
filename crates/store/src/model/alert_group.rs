//! Gathers alerts: when many connections of one server fail together, they are reported in one message.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Destination, Moment, ScheduleKind};

/// When gathered alerts are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatherRules {
    /// How long a failure waits for other failures of its server, so that one message reports them.
    pub window: Duration,
    /// How long after a message about a server the next failures are reported, unless they are worse. A recovery waits
    /// as long for the connections that still fail.
    pub follow_up: Duration,
}

impl Default for GatherRules {
    fn default() -> Self {
        Self { window: Duration::from_secs(60), follow_up: Duration::from_secs(15 * 60) }
    }
}

/// The alerts of one kind about one server for one destination. Connections and schedules are different kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertGroup {
    /// The destination.
    pub destination: Destination,
    /// The server's address.
    pub server: String,
    /// Whether the alerts are about connections or schedules.
    pub kind: ScheduleKind,
    /// When the oldest unreported alert was opened.
    pub waiting_since: Option<Moment>,
    /// When the oldest unreported alert was opened that has not recovered.
    pub waiting_open_since: Option<Moment>,
    /// When the oldest unreported outage was opened.
    pub waiting_failing_since: Option<Moment>,
    /// The number of unreported outages.
    pub waiting_failing: i64,
    /// The number of outages that were reported as flapping only.
    pub worse: i64,
    /// The number of outages that were reported as such.
    pub reported_failing: i64,
    /// The time of the last message about an alert whose recovery is not reported.
    pub announced_at: Option<Moment>,
    /// The time of the oldest recovery that is not reported.
    pub closed_since: Option<Moment>,
    /// The number of connections that fail or flap, reported or not.
    pub open: i64,
}

/// The content of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AlertEvent {
    /// Connections fail.
    Failed,
    /// Connections recovered.
    Recovered,
}

impl AlertGroup {
    /// The message that the destination is to get at `now`, if any.
    #[must_use]
    pub fn due_event(&self, now: Moment, rules: GatherRules) -> Option<AlertEvent> {
        let ripe = |since: Option<Moment>| since.is_some_and(|since| since + rules.window <= now);
        let Some(announced_at) = self.announced_at else {
            // The failure is reported even if it recovered meanwhile, so that each reported recovery follows a reported
            // failure.
            return ripe(self.waiting_since).then_some(AlertEvent::Failed);
        };
        if self.open == 0 {
            return Some(AlertEvent::Recovered);
        }
        if self.closed_since.is_some_and(|since| since + rules.follow_up <= now) {
            return Some(AlertEvent::Recovered);
        }
        // More connections fail than were reported, so the outage is worse than the destination knows.
        let grows = self.waiting_failing > self.reported_failing && ripe(self.waiting_failing_since);
        let follows = announced_at + rules.follow_up <= now && ripe(self.waiting_open_since);
        (self.worse > 0 || grows || follows).then_some(AlertEvent::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: GatherRules = GatherRules { window: Duration::from_millis(60), follow_up: Duration::from_millis(900) };

    fn group(waiting: Option<i64>, announced: Option<i64>, closed: Option<i64>, open: i64) -> AlertGroup {
        let waiting = waiting.map(Moment);
        AlertGroup {
            destination: Destination::Webhook("w".into()),
            server: "https://footprint.example.com".into(),
            kind: ScheduleKind::HealthCheck,
            waiting_since: waiting,
            waiting_open_since: waiting,
            waiting_failing_since: waiting,
            waiting_failing: i64::from(waiting.is_some()),
            worse: 0,
            reported_failing: i64::from(announced.is_some()),
            announced_at: announced.map(Moment),
            closed_since: closed.map(Moment),
            open,
        }
    }

    #[test]
    fn when_a_group_is_reported() {
        let due = |group: AlertGroup, now| group.due_event(Moment(now), RULES);
        assert_eq!(due(group(Some(100), None, None, 3), 159), None, "the first waits for others");
        assert_eq!(due(group(Some(100), None, None, 3), 160), Some(AlertEvent::Failed));
        assert_eq!(
            due(group(Some(100), None, None, 0), 160),
            Some(AlertEvent::Failed),
            "recovered before it was reported"
        );
        assert_eq!(due(group(Some(170), Some(160), None, 5), 500), None, "later failures of an outage wait");
        assert_eq!(due(group(Some(170), Some(160), None, 5), 1060), Some(AlertEvent::Failed), "but not without end");
        assert_eq!(due(group(Some(1050), Some(160), None, 5), 1060), None, "and for each other");
        assert_eq!(due(group(None, Some(160), Some(400), 2), 500), None, "a recovery waits for the others");
        assert_eq!(due(group(None, Some(160), Some(400), 0), 401), Some(AlertEvent::Recovered));
        assert_eq!(due(group(None, Some(160), Some(400), 2), 1300), Some(AlertEvent::Recovered), "but not without end");
        assert_eq!(due(group(None, Some(160), None, 2), 9999), None, "nothing new");
    }

    #[test]
    fn a_worse_outage_does_not_wait_for_the_follow_up() {
        let joined = |waiting_failing, reported_failing, worse| AlertGroup {
            waiting_failing,
            reported_failing,
            worse,
            ..group(Some(170), Some(160), None, 9)
        };
        let due = |group: AlertGroup, now| group.due_event(Moment(now), RULES);
        assert_eq!(due(joined(4, 4, 0), 500), None, "as many as were reported");
        assert_eq!(due(joined(5, 4, 0), 229), None, "they wait for each other");
        assert_eq!(due(joined(5, 4, 0), 230), Some(AlertEvent::Failed));
        assert_eq!(due(joined(1, 0, 0), 230), Some(AlertEvent::Failed), "an outage, and flapping was reported");
        assert_eq!(due(joined(0, 0, 0), 230), None, "more that flap");
        let worse = AlertGroup {
            waiting_since: None,
            waiting_open_since: None,
            waiting_failing_since: None,
            ..joined(0, 4, 1)
        };
        assert_eq!(due(worse, 161), Some(AlertEvent::Failed), "one that flapped fails");
    }
}

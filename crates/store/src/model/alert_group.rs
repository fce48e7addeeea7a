//! Gathering: when many connections of one server fail together, they make one message.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Destination, Moment, ScheduleKind};

/// How alerts are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatherRules {
    /// How long a failure waits for others of its server, so that they make one message.
    pub window: Duration,
    /// How long after a message about a server the next failures are told, unless they are worse, and how long a recovery
    /// waits for the connections that still fail.
    pub follow_up: Duration,
}

impl Default for GatherRules {
    fn default() -> Self {
        Self { window: Duration::from_secs(60), follow_up: Duration::from_secs(15 * 60) }
    }
}

/// The alerts of one kind about one server for one destination. A schedule's failure and a connection's outage are of
/// different kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The destination.
    pub destination: Destination,
    /// The server's address.
    pub server: String,
    /// Whether the alerts are about connections or schedules.
    pub kind: ScheduleKind,
    /// Since when the oldest waits of which the destination was told nothing.
    pub waiting_since: Option<Moment>,
    /// The same of those that have not recovered meanwhile.
    pub waiting_open_since: Option<Moment>,
    /// The same of those that fail, and do not merely flap.
    pub waiting_failing_since: Option<Moment>,
    /// How many of those there are.
    pub waiting_failing: i64,
    /// How many fail of which the destination was told that they flap.
    pub worse: i64,
    /// How many fail of which the destination was told so.
    pub told_failing: i64,
    /// When the destination was told last, of those whose recovery it was not told.
    pub announced_at: Option<Moment>,
    /// Since when the oldest recovery waits to be told.
    pub closed_since: Option<Moment>,
    /// How many fail or flap, told or not.
    pub open: i64,
}

/// What a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tell {
    /// That connections fail.
    Failed,
    /// That they recovered.
    Recovered,
}

impl Group {
    /// What the destination is to be told at `now`, if anything.
    #[must_use]
    pub fn tell(&self, now: Moment, rules: GatherRules) -> Option<Tell> {
        let ripe = |since: Option<Moment>| since.is_some_and(|since| since + rules.window <= now);
        let Some(announced_at) = self.announced_at else {
            // Told even if it recovered meanwhile: so every failure is followed by its recovery.
            return ripe(self.waiting_since).then_some(Tell::Failed);
        };
        if self.open == 0 {
            return Some(Tell::Recovered);
        }
        if self.closed_since.is_some_and(|since| since + rules.follow_up <= now) {
            return Some(Tell::Recovered);
        }
        // More than were told before, so this is worse than what the destination knows.
        let grows = self.waiting_failing > self.told_failing && ripe(self.waiting_failing_since);
        let follows = announced_at + rules.follow_up <= now && ripe(self.waiting_open_since);
        (self.worse > 0 || grows || follows).then_some(Tell::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: GatherRules = GatherRules { window: Duration::from_millis(60), follow_up: Duration::from_millis(900) };

    fn group(waiting: Option<i64>, announced: Option<i64>, closed: Option<i64>, open: i64) -> Group {
        let waiting = waiting.map(Moment);
        Group {
            destination: Destination::Webhook("w".into()),
            server: "https://footprint.example.com".into(),
            kind: ScheduleKind::HealthCheck,
            waiting_since: waiting,
            waiting_open_since: waiting,
            waiting_failing_since: waiting,
            waiting_failing: i64::from(waiting.is_some()),
            worse: 0,
            told_failing: i64::from(announced.is_some()),
            announced_at: announced.map(Moment),
            closed_since: closed.map(Moment),
            open,
        }
    }

    #[test]
    fn what_is_told_when() {
        let told = |group: Group, now| group.tell(Moment(now), RULES);
        assert_eq!(told(group(Some(100), None, None, 3), 159), None, "the first waits for others");
        assert_eq!(told(group(Some(100), None, None, 3), 160), Some(Tell::Failed));
        assert_eq!(told(group(Some(100), None, None, 0), 160), Some(Tell::Failed), "recovered before it was told");
        assert_eq!(told(group(Some(170), Some(160), None, 5), 500), None, "those that join an outage wait");
        assert_eq!(told(group(Some(170), Some(160), None, 5), 1060), Some(Tell::Failed), "but not for ever");
        assert_eq!(told(group(Some(1050), Some(160), None, 5), 1060), None, "and for each other");
        assert_eq!(told(group(None, Some(160), Some(400), 2), 500), None, "a recovery waits for the others");
        assert_eq!(told(group(None, Some(160), Some(400), 0), 401), Some(Tell::Recovered));
        assert_eq!(told(group(None, Some(160), Some(400), 2), 1300), Some(Tell::Recovered), "but not for ever");
        assert_eq!(told(group(None, Some(160), None, 2), 9999), None, "nothing new");
    }

    #[test]
    fn what_is_worse_than_what_was_told_does_not_wait_for_the_follow_up() {
        let joined = |waiting_failing, told_failing, worse| Group {
            waiting_failing,
            told_failing,
            worse,
            ..group(Some(170), Some(160), None, 9)
        };
        let told = |group: Group, now| group.tell(Moment(now), RULES);
        assert_eq!(told(joined(4, 4, 0), 500), None, "as many as were told");
        assert_eq!(told(joined(5, 4, 0), 229), None, "they wait for each other");
        assert_eq!(told(joined(5, 4, 0), 230), Some(Tell::Failed));
        assert_eq!(told(joined(1, 0, 0), 230), Some(Tell::Failed), "an outage, and flapping was told");
        assert_eq!(told(joined(0, 0, 0), 230), None, "more that flap");
        let worse =
            Group { waiting_since: None, waiting_open_since: None, waiting_failing_since: None, ..joined(0, 4, 1) };
        assert_eq!(told(worse, 161), Some(Tell::Failed), "one that flapped fails");
    }
}

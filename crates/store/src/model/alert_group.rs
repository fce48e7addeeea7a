//! Gathering: when many connections of one server fail together, they make one message.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Destination, Moment};

/// How alerts are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatherRules {
    /// How long the first message about a server waits for others of that server.
    pub window: Duration,
    /// How long after a message about a server the next of its failures are told, and how long a recovery waits for
    /// those that still fail.
    pub follow_up: Duration,
}

impl Default for GatherRules {
    fn default() -> Self {
        Self { window: Duration::from_secs(60), follow_up: Duration::from_secs(15 * 60) }
    }
}

/// The alerts of one server for one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Who is told.
    pub destination: Destination,
    /// The server's address.
    pub server: String,
    /// Since when the oldest that was not told waits.
    pub waiting_since: Option<Moment>,
    /// The same of those that have not recovered meanwhile.
    pub waiting_open_since: Option<Moment>,
    /// When the destination was told last, of those that it has not heard the end of.
    pub announced_at: Option<Moment>,
    /// Since when the oldest waits of which the destination is to hear that it recovered.
    pub closed_since: Option<Moment>,
    /// How many fail, told or not.
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
        let Some(announced_at) = self.announced_at else {
            // Told even if it recovered meanwhile: so every failure is followed by its recovery.
            return self.waiting_since.filter(|since| *since + rules.window <= now).map(|_| Tell::Failed);
        };
        if self.open == 0 {
            return Some(Tell::Recovered);
        }
        if self.closed_since.is_some_and(|since| since + rules.follow_up <= now) {
            return Some(Tell::Recovered);
        }
        let ripe = |since: Moment| since + rules.window <= now && announced_at + rules.follow_up <= now;
        self.waiting_open_since.filter(|since| ripe(*since)).map(|_| Tell::Failed)
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
            waiting_since: waiting,
            waiting_open_since: waiting,
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
}

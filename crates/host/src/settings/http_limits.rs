//! What callers of the host may hold of it: the part `[http]` of its settings.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits of connections, heads and answers.
///
/// By default callers without a key can make the host hold at most 64 MiB: 96 connections, each with 16 calls of 8 KiB of
/// head and about 7 KiB of state, and 8 MiB of masters' messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HttpLimits {
    /// How many connections may be open in all. For a new one beyond that, the connection ends that was idle for longest.
    /// 1,024 unless given; never more than half of the files that the system lets the host open.
    pub connections: usize,
    /// How many of them may be connections on which no call has shown a good key. 96 unless given.
    pub connections_without_key: usize,
    /// How many idle ones of these an address (of IPv6 a /64 network) may have; `trusted-proxies` may have any number.
    /// 32 unless given.
    pub connections_per_address: usize,
    /// How many calls may be under way on one connection of HTTP/2. 16 unless given.
    pub streams_per_connection: u32,
    /// The longest head of a request in bytes; a longer one is answered 431. 8,192 unless given.
    pub head_bytes: usize,
    /// How long a connection may be idle on which a call has shown a good key, in seconds. 75 unless given.
    pub idle_seconds: u64,
    /// How long a caller may take for the next 64 KiB of an answer, in seconds; then the connection is cut. 30 unless
    /// given.
    pub answer_seconds: u64,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_without_key: 96,
            connections_per_address: 32,
            streams_per_connection: 16,
            head_bytes: 8 * 1024,
            idle_seconds: 75,
            answer_seconds: 30,
        }
    }
}

impl HttpLimits {
    /// What cannot be used, if there is something.
    pub(super) fn problem(&self) -> Option<&'static str> {
        if !(2..=100_000).contains(&self.connections) {
            return Some("http.connections: expected 2 to 100000.");
        }
        if self.connections_without_key == 0 || self.connections_without_key >= self.connections {
            return Some(
                "http.connections-without-key: expected at least 1, and less than http.connections, so that callers with a \
                 key find room.",
            );
        }
        if self.connections_per_address == 0 || self.connections_per_address > self.connections_without_key {
            return Some(
                "http.connections-per-address: expected at least 1, and at most http.connections-without-key.",
            );
        }
        if !(1..=1000).contains(&self.streams_per_connection) {
            return Some("http.streams-per-connection: expected 1 to 1000.");
        }
        // The HTTP library reads at least 8 KiB at once.
        if !(8 * 1024..=1024 * 1024).contains(&self.head_bytes) {
            return Some("http.head-bytes: expected 8192 to 1048576.");
        }
        if self.idle_seconds == 0 || self.answer_seconds == 0 {
            return Some("http.idle-seconds and http.answer-seconds: expected more than 0.");
        }
        None
    }

    /// How long a connection with a good key may be idle.
    #[must_use]
    pub fn idle_time(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }

    /// How long a caller may take for the next piece of an answer.
    #[must_use]
    pub fn answer_time(&self) -> Duration {
        Duration::from_secs(self.answer_seconds)
    }
}

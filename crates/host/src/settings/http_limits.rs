//! The limits of connections, heads and answers: the part `[http]` of the settings.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits of connections, heads and answers.
///
/// With the defaults callers without a key can use at most 64 MiB of the host's memory: 64 connections, each with 16
/// calls of 8 KiB of head and about 7 KiB of state, and 8 MiB of masters' messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HttpLimits {
    /// The number of open connections. For a new connection beyond it, the host closes the connection with the longest
    /// idle time. 1,024 unless given, and at most half of the files that the system allows the host to open.
    pub connections: usize,
    /// The number of open connections on which no call had a valid key. 64 unless given.
    pub connections_without_key: usize,
    /// The number of idle connections without a valid key from one address (for IPv6 from one /64 network). There is no
    /// limit for `trusted-proxies`. 32 unless given.
    pub connections_per_address: usize,
    /// The number of calls under way on one HTTP/2 connection. 16 unless given.
    pub streams_per_connection: u32,
    /// The longest head of a request in bytes. A longer head gets 431. 8,192 unless given.
    pub head_bytes: usize,
    /// The idle timeout in seconds for a connection on which a call had a valid key. 75 unless given.
    pub idle_seconds: u64,
    /// The timeout in seconds for a caller to read the next 64 KiB of an answer. The host closes the connection after
    /// it. 30 unless given.
    pub answer_seconds: u64,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_without_key: 64,
            connections_per_address: 32,
            streams_per_connection: 16,
            head_bytes: 8 * 1024,
            idle_seconds: 75,
            answer_seconds: 30,
        }
    }
}

impl HttpLimits {
    /// The first invalid setting, if there is one.
    pub(super) fn problem(&self) -> Option<&'static str> {
        if !(2..=100_000).contains(&self.connections) {
            return Some("http.connections: expected 2 to 100000.");
        }
        if self.connections_without_key == 0 || self.connections_without_key >= self.connections {
            return Some(
                "http.connections-without-key: expected at least 1, and less than http.connections, so that callers \
                 with a key can connect.",
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
        // The HTTP library's buffer has at least 8 KiB.
        if !(8 * 1024..=1024 * 1024).contains(&self.head_bytes) {
            return Some("http.head-bytes: expected 8192 to 1048576.");
        }
        if self.idle_seconds == 0 || self.answer_seconds == 0 {
            return Some("http.idle-seconds and http.answer-seconds: expected more than 0.");
        }
        None
    }

    /// The idle timeout of a connection with a valid key.
    #[must_use]
    pub fn idle_time(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }

    /// The timeout for a caller to read the next piece of an answer.
    #[must_use]
    pub fn answer_time(&self) -> Duration {
        Duration::from_secs(self.answer_seconds)
    }
}

//! The connections of the demo's host, with the shape of their invented past.

use footprint_simulator::SimulatedUser;
use serde_json::{Value, json};
use soar_store::model::Connection;

use crate::subcommands::demo::names::{CONNECTION, SITE};

/// A connection with the shape of its invented past.
#[derive(Debug)]
pub(crate) struct SampleConnection {
    /// The connection.
    pub(crate) connection: Connection,
    /// The shape of its past.
    pub(crate) shape: Shape,
}

/// The shape of a connection's invented past.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// The usual duration of a check in milliseconds.
    pub(super) latency_ms: i64,
    /// One in this many checks fails.
    pub(super) one_fails_in: u64,
    /// The hours for which the connection has failed until now; 0 for one that works.
    pub(super) failing_hours: u64,
    /// How its checks fail.
    pub(super) failure: SampleFailure,
}

/// How the checks of a connection fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SampleFailure {
    /// The product's HTTP status, or `N/A`.
    pub(super) status: &'static str,
    /// The message.
    pub(super) message: &'static str,
    /// The code of the error in the manifest.
    pub(super) code: &'static str,
}

/// The drafts of the connections, each with the shape of its past. The first one works, the last one is shared with all
/// tenants; the others fail, so that there is a failure to understand and to mend.
pub(crate) fn drafts(url: &str, user: &SimulatedUser) -> Vec<(Value, Shape)> {
    let slow = SampleFailure { status: "N/A", message: "The server did not answer.", code: "timed-out" };
    let refused = SampleFailure { status: "N/A", message: "The connection was refused.", code: "unreachable" };
    let wrong = SampleFailure { status: "401", message: "The password is not accepted.", code: "invalid-credentials" };
    let working = Shape { latency_ms: 70, one_fails_in: 400, failing_hours: 0, failure: slow };
    let draft = |name: &str, description: &str, url: &str, password: &str| {
        json!({
            "integration": "coda-footprint",
            "name": name,
            "site": SITE,
            "description": description,
            "healthCheckMinutes": if name == CONNECTION { 1 } else { 60 },
            "parameters": { "Server URL": url, "User Name": user.user_name, "Password": password },
        })
    };
    let mut shared = draft("Footprint of all tenants", "Shared with the tenants of this demo", url, &user.password);
    shared["tenant"] = "All tenants".into();
    vec![
        (draft(CONNECTION, "The demo's simulated instance", url, &user.password), working),
        (
            draft("Footprint of Acme", "Its password is wrong, so that you can see a failed check", url, "wrong"),
            Shape { latency_ms: 95, failing_hours: 31, failure: wrong, ..working },
        ),
        (
            // Port 9 is the discard service, which no machine serves any more.
            draft("Footprint of Borealis", "Its server is not there", "http://127.0.0.1:9", &user.password),
            Shape { latency_ms: 140, one_fails_in: 60, failing_hours: 5, failure: refused },
        ),
        (shared, Shape { latency_ms: 80, one_fails_in: 900, ..working }),
    ]
}

//! How long the store waits for its database.

use std::time::Duration;

/// How long a call waits for a free connection, or for another process to end its transaction.
pub(super) const WAIT: Duration = Duration::from_secs(30);

/// How long a server may take to answer a statement, or to take a connection back.
pub(super) const ANSWER: Duration = Duration::from_secs(60);
pub(super) const TAKEN_BACK: Duration = Duration::from_secs(5);

/// How long a statement that only reads may run before it is stopped.
pub(super) const READING: Duration = Duration::from_secs(20);

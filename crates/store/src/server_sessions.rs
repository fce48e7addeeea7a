//! The sessions of a host on a PostgreSQL server.

use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _};

use super::timeouts::TAKEN_BACK;
use super::with_timeout::within;
use crate::StoreError;

/// Makes a PostgreSQL session wait for the disk at each commit, if the administrator turned that off. Stronger
/// settings, such as waiting for standbys, stay.
const DURABLE_SESSION: &str = "SELECT CAST(set_config('synchronous_commit', 'on', false) AS TEXT)
    WHERE current_setting('synchronous_commit') = 'off'";

/// Names a PostgreSQL session for administrators, unless the address names it.
const NAMED_SESSION: &str = "SELECT CAST(set_config('application_name', 'footprint', false) AS TEXT)
    WHERE current_setting('application_name') = ''";

/// The server ends a transaction whose host does not go on, such as a suspended host. Other hosts can claim the rows
/// that it locked once the lease has lapsed.
const NO_IDLE_TRANSACTION: &str = "SET idle_in_transaction_session_timeout = '15s'";

/// The server checks once a second whether the host still holds the connection of a running statement. PostgreSQL 14
/// and later can do that on most systems.
const LOOK_FOR_CLIENT: &str = "SET client_connection_check_interval = '1s'";

/// PostgreSQL compiles statements that it takes for long ones. The host's statements read few rows, and compiling one takes
/// longer than running it.
pub(super) const NO_COMPILATION: &str = "SET jit = off";

/// The most transactions that a host runs on PostgreSQL at once.
const POSTGRES_WRITERS: u32 = 8;

/// The settings of sessions on a server.
pub(super) struct ServerOptions {
    pub(super) wait: Duration,
    pub(super) answer: Duration,
    pub(super) reading: Duration,
    /// Whether its sessions may change nothing.
    pub(super) is_read_only: bool,
}

impl ServerOptions {
    /// The pool for changes, once the server has let the host in. A server that answers that it starts, or that it has too
    /// many connections, gets time. One that does not listen yet gets none.
    pub(super) async fn connected(&self, address: &str) -> Result<AnyPool, StoreError> {
        // A connection without a pool fails at once, with the reason. A pool would try again until its timeout.
        match within(Some(self.wait), AnyConnection::connect(address)).await {
            Ok(first) => within(Some(self.wait), first.close()).await?,
            Err(sqlx::Error::Database(refused)) if refused.is_transient_in_connect_phase() => {}
            Err(error) => return Err(error.into()),
        }
        Ok(self.pool(POSTGRES_WRITERS).connect(address).await?)
    }

    pub(super) fn pool(&self, connections: u32) -> AnyPoolOptions {
        let Self { wait, answer, reading, is_read_only } = *self;
        // A transaction uses the server's own setting, since it may have to wait for another transaction.
        let limited = format!("SET statement_timeout = {}", reading.as_millis());
        let taken_back = TAKEN_BACK.min(answer);
        let pool = AnyPoolOptions::new().max_connections(connections).acquire_timeout(wait);
        let pool = pool.after_connect(move |connection, _| {
            let limited = AssertSqlSafe(limited.clone());
            Box::pin(async move {
                // A commit that was acknowledged survives a loss of power.
                within(Some(answer), connection.execute(DURABLE_SESSION)).await?;
                within(Some(answer), connection.execute(NAMED_SESSION)).await?;
                within(Some(answer), connection.execute(NO_IDLE_TRANSACTION)).await?;
                within(Some(answer), connection.execute(NO_COMPILATION)).await?;
                if is_read_only {
                    within(Some(answer), connection.execute("SET default_transaction_read_only = on")).await?;
                }
                within(Some(answer), connection.execute(limited)).await?;
                match within(Some(answer), connection.execute(LOOK_FOR_CLIENT)).await {
                    // This server cannot check for the client.
                    Err(sqlx::Error::Database(_)) => Ok(()),
                    looked => looked.map(|_| ()),
                }
            })
        });
        // A server that vanished must not keep a connection from being replaced.
        let pool = pool.test_before_acquire(false).before_acquire(move |connection, _| {
            Box::pin(async move { within(Some(taken_back / 4), connection.ping()).await.map(|()| true) })
        });
        pool.after_release(move |connection, _| {
            Box::pin(async move { within(Some(taken_back), connection.ping()).await.map(|()| true) })
        })
    }
}

//! Reading on either engine: lent connections, and readers over them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool};

use super::readers::{LentFile, Readers};
use super::reading_places::{ReadingPlace, ReadingPlaces};
use super::records::Records;
use super::room::AnswerRoom;
use super::store_clock::StoreClock;
use super::with_timeout::{StatementConnection, WithTimeout};
use super::{Engine, StoreError};

/// The most readings of a host at once.
pub(super) const READERS: u32 = 8;

/// The most readings of users and keys at once. They have connections of their own, so that slow readings keep no
/// authentication waiting.
pub(super) const ACCESS_READERS: u32 = 2;

/// Connections for reading.
#[derive(Debug, Clone)]
pub(super) enum ReadingConnections {
    File(Arc<Readers>),
    Server { pool: AnyPool, places: Arc<ReadingPlaces>, count: u32 },
}

impl ReadingConnections {
    /// `count` connections of a server. A caller waits at most `wait` for one.
    pub(super) fn of_server(pool: AnyPool, count: u32, wait: Duration) -> Self {
        Self::Server { pool, places: Arc::new(ReadingPlaces::new(count, wait)), count }
    }

    /// Lends a connection. A caller gets no more than its share of them.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when no connection is free in time.
    pub(super) async fn lend(&self, caller: Option<&str>) -> Result<Lent, StoreError> {
        match self {
            Self::File(readers) => Ok(Lent::File(readers.lend(caller).await?)),
            Self::Server { pool, places, .. } => {
                let place = places.take(caller).await?;
                // Boxed, as in `Store::transaction`.
                Ok(Lent::Server { connection: pool.acquire().boxed().await?, busy: false, _place: place })
            }
        }
    }

    /// Closes all connections, after the readings under way.
    pub(super) async fn close(&self) {
        match self {
            Self::File(readers) => readers.close().await,
            Self::Server { pool, places, count } => {
                places.close(*count).await;
                pool.close().await;
            }
        }
    }
}

/// A lent connection.
#[derive(Debug)]
pub(super) enum Lent {
    File(LentFile),
    Server {
        connection: PoolConnection<Any>,
        busy: bool,
        // Becomes free after the connection.
        _place: ReadingPlace,
    },
}

impl Drop for Lent {
    fn drop(&mut self) {
        // The server would go on with the statement of a caller that went away. Closing the connection ends it.
        if let Self::Server { connection, busy: true, .. } = self {
            connection.close_on_drop();
        }
    }
}

/// A connection for reading. A statement is stopped at its time limit, or when its caller goes away.
#[derive(Debug)]
pub struct Reader {
    pub(super) lent: Lent,
    pub(super) engine: Engine,
    pub(super) timeout: Option<Duration>,
    pub(super) clock: StoreClock,
    pub(super) room: AnswerRoom,
}

impl Reader {
    /// The records in the store.
    pub fn records(&mut self) -> Records<'_> {
        let (clock, room) = (self.clock.clone(), self.room.clone());
        let connection = match &mut self.lent {
            Lent::File(lent) => {
                let (limited, busy) = lent.limited();
                WithTimeout::new(StatementConnection::Reading(limited), self.timeout, busy)
            }
            Lent::Server { connection, busy, .. } => {
                WithTimeout::new(StatementConnection::Any(connection), self.timeout, busy)
            }
        };
        Records { connection, engine: self.engine, clock, room }
    }
}

//! Connections for reading a file, each statement within a time limit.
//!
//! The host lends them itself: a connection within this process cannot break, and sqlx's pool, which does not say which
//! connection it lends, has no place for the limit. The pool also takes 3 to 8 µs more each time, half the price of a small
//! query.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StandardMutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::StoreError;
use super::timeouts::WAIT;

/// How many readings SQLite runs at once; it runs one transaction at a time.
const CONNECTIONS: u32 = 4;

/// How many instructions of SQLite's machine run between two looks at the time limit: far less than a millisecond.
const BETWEEN_LOOKS: i32 = 10_000;

/// The connections of a file for reading.
#[derive(Debug)]
pub(super) struct Readers {
    connections: StandardMutex<Vec<Arc<Mutex<Limited>>>>,
    /// One permit per connection: the holder of one finds a connection that is free.
    places: Arc<Semaphore>,
}

/// A connection whose statements are stopped when they take too long.
#[derive(Debug)]
pub(super) struct Limited {
    connection: SqliteConnection,
    limit: StatementLimit,
}

impl Limited {
    /// The connection, for a statement that begins.
    pub(super) fn begin(&mut self) -> &mut SqliteConnection {
        self.limit.begin();
        &mut self.connection
    }
}

/// When the statement under way is stopped.
#[derive(Debug, Clone)]
struct StatementLimit {
    budget: Duration,
    opened: Instant,
    /// In milliseconds since `opened`.
    end: Arc<AtomicU64>,
}

impl StatementLimit {
    fn new(budget: Duration) -> Self {
        Self { budget, opened: Instant::now(), end: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    /// A statement begins.
    fn begin(&self) {
        self.end_after(self.opened.elapsed() + self.budget);
    }

    fn stop(&self) {
        self.end_after(Duration::ZERO);
    }

    fn end_after(&self, end: Duration) {
        self.end.store(u64::try_from(end.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        self.opened.elapsed().as_millis() < u128::from(self.end.load(Ordering::Relaxed))
    }
}

impl Readers {
    /// Opens all connections. Each statement has `budget`.
    ///
    /// # Errors
    /// [`StoreError::Database`] when one cannot be made.
    pub(super) async fn open(address: &str, pragmas: &str, budget: Duration) -> Result<Arc<Self>, StoreError> {
        let options: SqliteConnectOptions = address.parse()?;
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut connection = SqliteConnection::connect_with(&options).await?;
            connection.execute(AssertSqlSafe(pragmas)).await?;
            let limit = StatementLimit::new(budget);
            let look = limit.clone();
            connection.lock_handle().await?.set_progress_handler(BETWEEN_LOOKS, move || look.goes_on());
            connections.push(Arc::new(Mutex::new(Limited { connection, limit })));
        }
        let places = Arc::new(Semaphore::new(connections.len()));
        Ok(Arc::new(Self { connections: StandardMutex::new(connections), places }))
    }

    /// # Errors
    /// [`StoreError::Database`] when no connection is free in time.
    pub(super) async fn lend(&self) -> Result<LentFile, StoreError> {
        let waiting = tokio::time::timeout(WAIT, Arc::clone(&self.places).acquire_owned()).await;
        let place = waiting.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let free = connections.iter().find_map(|connection| Arc::clone(connection).try_lock_owned().ok());
        Ok(LentFile { limited: free.ok_or(sqlx::Error::PoolClosed)?, _place: place })
    }

    /// Closes all, after the readings under way.
    pub(super) async fn close(&self) {
        let all = self.places.acquire_many(CONNECTIONS).await;
        self.places.close();
        drop(all);
        let connections = std::mem::take(&mut *self.connections.lock().unwrap_or_else(PoisonError::into_inner));
        for limited in connections.into_iter().filter_map(Arc::into_inner) {
            if let Err(error) = limited.into_inner().connection.close().await {
                tracing::debug!(%error, "a connection for reading could not be closed");
            }
        }
    }
}

/// A connection that is in use.
#[derive(Debug)]
pub(super) struct LentFile {
    // In this order, for the place is free only after the connection.
    limited: OwnedMutexGuard<Limited>,
    _place: OwnedSemaphorePermit,
}

impl LentFile {
    pub(super) fn limited(&mut self) -> &mut Limited {
        &mut self.limited
    }
}

impl Drop for LentFile {
    fn drop(&mut self) {
        // A statement whose caller went away.
        self.limited.limit.stop();
    }
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use super::*;
    use crate::testing::TestStore;
    use crate::timeouts::READING;
    use crate::{Engine, Store};

    const BUDGET: Duration = Duration::from_millis(300);

    /// SQL that runs without end, or for a minute.
    fn endless(engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => {
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n WHERE i < 0"
            }
            Engine::Postgres => "SELECT CAST(pg_sleep(60) AS TEXT)",
        }
    }

    async fn read(store: &Store, sql: &'static str) -> Result<i64, StoreError> {
        let mut reader = store.reader().await?;
        let mut records = reader.records();
        Ok(sqlx::query_scalar(sql).fetch_one(&mut *records.connection).await?)
    }

    #[tokio::test]
    async fn a_statement_that_takes_too_long_is_stopped_and_says_what_to_do() {
        for test in TestStore::on_both().await {
            let store = Store::open_hurried(&test.address, BUDGET).await.unwrap();
            let begun = Instant::now();
            // More at once than there are connections.
            let stopped = futures_util::future::join_all((0..9).map(|_| read(&store, endless(store.engine())))).await;
            for error in stopped {
                let error = error.unwrap_err();
                assert!(matches!(error, StoreError::TooLong), "{error:?}");
                assert!(error.to_string().contains("Ask for less at once"), "{error}");
                assert_eq!(error.trouble(), None);
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
            // The connections are as good as before, and each statement has the whole budget.
            for _ in 0..20 {
                assert_eq!(read(&store, "SELECT CAST(7 AS BIGINT)").await.unwrap(), 7);
            }
            store.close().await;
            assert!(matches!(read(&store, "SELECT 1").await, Err(StoreError::Database(sqlx::Error::PoolClosed))));
        }
    }

    #[tokio::test]
    async fn a_statement_whose_caller_went_away_is_stopped() {
        let test = TestStore::on(Engine::Sqlite).await;
        for _ in 0..2 * CONNECTIONS {
            let reading = read(&test.store, endless(Engine::Sqlite));
            assert!(tokio::time::timeout(Duration::from_millis(20), reading).await.is_err());
        }
        // Long before the budget is over.
        let begun = Instant::now();
        test.store.close().await;
        assert!(begun.elapsed() < READING / 2, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_transaction_is_not_limited_as_a_reading_is() {
        let test = TestStore::on(Engine::Postgres).await;
        let store = Store::open_hurried(&test.address, BUDGET).await.unwrap();
        let mut transaction = store.transaction().await.unwrap();
        let mut records = transaction.records();
        let slow = sqlx::query("SELECT CAST(pg_sleep(0.6) AS TEXT)");
        slow.fetch_one(&mut *records.connection).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(matches!(read(&store, endless(Engine::Postgres)).await, Err(StoreError::TooLong)));
    }
}

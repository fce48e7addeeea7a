//! Connections for reading a file, with a time limit for each statement.
//!
//! The host lends them without sqlx's pool. A connection within this process cannot break. The pool does not say which
//! connection it lends, so it has no place for the limit. It also takes 3 to 8 µs more each time, half the cost of a
//! small query.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StandardMutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use sqlx_core::any::AnyConnectionBackend;
use sqlx_sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::StoreError;
use super::reading_places::{ReadingPlace, ReadingPlaces};

/// SQLite runs this many instructions of its machine between two checks of the time limit, in far less than a
/// millisecond.
const BETWEEN_LOOKS: i32 = 10_000;

/// The connections of a file for reading.
#[derive(Debug)]
pub(super) struct Readers {
    connections: StandardMutex<Vec<Arc<Mutex<LimitedConnection>>>>,
    /// The holder of a place always finds a free connection.
    places: ReadingPlaces,
    count: u32,
}

/// A connection whose statements are stopped at their time limit.
#[derive(Debug)]
pub(super) struct LimitedConnection {
    /// A connection to SQLite. The compiler proves once that its parts can be sent between threads.
    connection: Box<dyn AnyConnectionBackend>,
    limit: StatementLimit,
}

impl LimitedConnection {
    /// The connection, for a new statement.
    pub(super) fn begin(&mut self) -> &mut dyn AnyConnectionBackend {
        self.limit.begin();
        &mut *self.connection
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

    /// Sets the limit of a new statement.
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
    /// Opens `count` connections. A caller waits at most `wait` for one, and each statement may take `budget`.
    ///
    /// # Errors
    /// [`StoreError::Database`] when a connection cannot be opened.
    pub(super) async fn open(
        address: &str,
        pragmas: &str,
        count: u32,
        wait: Duration,
        budget: Duration,
    ) -> Result<Arc<Self>, StoreError> {
        let options: SqliteConnectOptions = address.parse()?;
        let mut connections = Vec::new();
        for _ in 0..count {
            let mut connection = SqliteConnection::connect_with(&options).await?;
            connection.execute(AssertSqlSafe(pragmas)).await?;
            let limit = StatementLimit::new(budget);
            let look = limit.clone();
            connection.lock_handle().await?.set_progress_handler(BETWEEN_LOOKS, move || look.goes_on());
            connections.push(Arc::new(Mutex::new(LimitedConnection { connection: Box::new(connection), limit })));
        }
        let places = ReadingPlaces::new(count, wait);
        Ok(Arc::new(Self { connections: StandardMutex::new(connections), places, count }))
    }

    /// Lends a connection. A caller gets no more than its share of them.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when no connection is free in time.
    pub(super) async fn lend(&self, caller: Option<&str>) -> Result<LentFile, StoreError> {
        let place = self.places.take(caller).await?;
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let free = connections.iter().find_map(|connection| Arc::clone(connection).try_lock_owned().ok());
        Ok(LentFile { limited: free.ok_or(sqlx::Error::PoolClosed)?, busy: false, _place: place })
    }

    /// Closes all connections, after the readings under way.
    pub(super) async fn close(&self) {
        self.places.close(self.count).await;
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
    // The order matters: the place becomes free after the connection.
    limited: OwnedMutexGuard<LimitedConnection>,
    /// A file's connection stops its statement at the limit, so this flag is not read.
    busy: bool,
    _place: ReadingPlace,
}

impl LentFile {
    pub(super) fn limited(&mut self) -> (&mut LimitedConnection, &mut bool) {
        (&mut self.limited, &mut self.busy)
    }
}

impl Drop for LentFile {
    fn drop(&mut self) {
        // Stops the statement of a caller that went away.
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

    /// A query that runs without end, or for a minute.
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
    async fn a_statement_is_stopped_at_its_time_limit_with_advice() {
        for test in TestStore::on_both().await {
            let store = Store::open_hurried(&test.address, BUDGET).await.unwrap();
            let begun = Instant::now();
            // More queries at once than there are connections.
            let stopped = futures_util::future::join_all((0..9).map(|_| read(&store, endless(store.engine())))).await;
            for error in stopped {
                let error = error.unwrap_err();
                assert!(matches!(error, StoreError::TooLong), "{error:?}");
                assert!(error.to_string().contains("Ask for less at once"), "{error}");
                assert_eq!(error.trouble(), None);
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
            // The connections still work, and each statement has the whole limit.
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
        for _ in 0..2 * crate::reading::READERS {
            let reading = read(&test.store, endless(Engine::Sqlite));
            assert!(tokio::time::timeout(Duration::from_millis(20), reading).await.is_err());
        }
        // Long before the limit.
        let begun = Instant::now();
        test.store.close().await;
        assert!(begun.elapsed() < READING / 2, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_server_stops_a_statement_whose_caller_went_away() {
        let test = TestStore::on(Engine::Postgres).await;
        let begun = Instant::now();
        for _ in 0..2 * crate::reading::READERS {
            let reading = read(&test.store, endless(Engine::Postgres));
            assert!(tokio::time::timeout(Duration::from_millis(50), reading).await.is_err());
            let mut transaction = test.store.transaction().await.unwrap();
            let mut records = transaction.records();
            let changing = sqlx::query("SELECT CAST(pg_sleep(60) AS TEXT)").fetch_one(&mut *records.connection);
            assert!(tokio::time::timeout(Duration::from_millis(50), changing).await.is_err());
        }
        // Every connection is replaced at once, and the server ends the statements of the others.
        let running = "SELECT COUNT(*) FROM pg_stat_activity
                       WHERE datname = CURRENT_DATABASE() AND state = 'active' AND query LIKE '%pg_sleep(60)%'
                         AND pid <> pg_backend_pid()";
        while read(&test.store, running).await.unwrap() > 0 {
            assert!(begun.elapsed() < READING, "statements without callers go on");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn slow_readings_of_one_caller_keep_neither_others_nor_authentication_waiting() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let test = TestStore::on(engine).await;
            let slow = async || {
                let mut reader = test.store.reader_of("greedy").await.unwrap();
                let mut records = reader.records();
                sqlx::query(endless(engine)).fetch_one(&mut *records.connection).await.map(drop)
            };
            let greedy = futures_util::future::join_all((0..20).map(|_| slow()));
            let others = async {
                // The greedy caller's share is taken once the others have had their turns.
                for _ in 0..20 {
                    test.store.reader_of("modest").await.unwrap().records().access_generation().await.unwrap();
                    test.store.access_reader().await.unwrap().records().access_generation().await.unwrap();
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                _ = greedy => panic!("what is endless ended"),
                () = others => {}
            }
        }
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

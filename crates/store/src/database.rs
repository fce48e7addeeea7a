//! The database under the store: opening it, reading, and transactions, on either engine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _};

use super::condition::Condition;
use super::file_lock::{FileLock, LARGEST_LOG};
use super::readers::{LentFile, Readers};
use super::store_clock::StoreClock;
use super::timeouts::{ANSWER, READING, TAKEN_BACK, WAIT};
use super::upgrade::refuse_beside_an_older_host;
use super::with_timeout::{Connection, WithTimeout, within};
use super::{Engine, StoreError};

pub(super) static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
pub(super) static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Makes a session of PostgreSQL wait for the disk at each commit where its administrator had it not wait; other settings,
/// such as to wait for standbys too, stay.
const DURABLE_SESSION: &str = "SELECT CAST(set_config('synchronous_commit', 'on', false) AS TEXT)
    WHERE current_setting('synchronous_commit') = 'off'";

/// The server ends a transaction whose host does not go on, such as one that is suspended: the rows that it locked are
/// other hosts' to claim, once the lease has lapsed.
const NO_IDLE_TRANSACTION: &str = "SET idle_in_transaction_session_timeout = '15s'";

/// How many transactions, and how many readings, PostgreSQL runs at once for one host.
const POSTGRES_CONNECTIONS: u32 = 8;

/// The store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) engine: Engine,
    /// Of a file; a server's connections read and write.
    readers: Option<Arc<Readers>>,
    pub(super) writers: AnyPool,
    pub(super) condition: Arc<Condition>,
    /// How long an answer to a statement is waited for; of a file there always is one.
    pub(super) timeout: Option<Duration>,
    pub(super) clock: StoreClock,
}

impl Store {
    /// Opens the store at `address`, and makes its tables where they are missing or old.
    ///
    /// `postgres://user:password@host/database`, or the path of an SQLite file, with or without `sqlite:` before it; the
    /// file is made where there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the address is none, or nothing answers there. The text never holds a password.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        Self::open_waiting(address, WAIT, ANSWER, READING).await
    }

    /// Opens the store at `address` as [`Store::open`] does, but makes no file where there is none.
    ///
    /// # Errors
    /// [`StoreError`], as of [`Store::open`], and when the file is not there or empty.
    pub async fn open_existing(address: &str) -> Result<Self, StoreError> {
        if !is_server(address) {
            existing_file(address)?;
        }
        Self::open(address).await
    }

    /// Opens the store at `address` for reading only: nothing is made, migrated or changed. A statement that changes
    /// something fails.
    ///
    /// # Errors
    /// [`StoreError`], as of [`Store::open_existing`].
    pub async fn open_read_only(address: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        if is_server(address) {
            let pool = server_pool(WAIT, ANSWER, READING, ReadOnly(true)).connect(address).await?;
            return Ok(Self::of_server(pool, ANSWER));
        }
        let path = existing_file(address)?;
        let lock = FileLock::take_existing(Path::new(path), WAIT).await?;
        let address = format!("{}?mode=ro", file_address(path));
        let pragmas = format!("PRAGMA busy_timeout = {}; PRAGMA query_only = ON;", WAIT.as_millis());
        // The first connection says why it cannot be opened; a pool tries again until its timeout.
        AnyConnection::connect(&address).await?.close().await?;
        let writers = sqlite_pool(pragmas.clone()).connect(&address).await?;
        let readers = Some(Readers::open(&address, &pragmas, READING).await?);
        let condition = Arc::new(Condition::of_file(Path::new(path), lock));
        let clock = StoreClock::default();
        Ok(Self { engine: Engine::Sqlite, readers, writers, condition, timeout: None, clock })
    }

    /// For tests: the same, and a server, or who holds a file, is waited for `timeout` and no longer.
    ///
    /// # Errors
    /// [`StoreError`], as of [`Store::open`].
    #[cfg(feature = "testing")]
    pub async fn open_with_timeout(address: &str, timeout: Duration) -> Result<Self, StoreError> {
        Self::open_waiting(address, timeout, timeout, READING).await
    }

    /// For tests: the same as [`Store::open`], and a statement that only reads may run for `budget` and no longer.
    ///
    /// # Errors
    /// [`StoreError`], as of [`Store::open`].
    #[cfg(feature = "testing")]
    pub async fn open_hurried(address: &str, budget: Duration) -> Result<Self, StoreError> {
        Self::open_waiting(address, WAIT, ANSWER, budget).await
    }

    async fn open_waiting(
        address: &str,
        wait: Duration,
        answer: Duration,
        reading: Duration,
    ) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let store = if is_server(address) {
            Self::open_server(address, wait, answer, reading).await?
        } else {
            Self::open_file(file_of(address), wait, reading).await?
        };
        store.key_names().await?;
        Ok(store)
    }

    async fn open_server(
        address: &str,
        wait: Duration,
        answer: Duration,
        reading: Duration,
    ) -> Result<Self, StoreError> {
        let pool = server_pool(wait, answer, reading, ReadOnly(false)).connect(address).await?;
        refuse_beside_an_older_host(&pool, Engine::Postgres).await?;
        let mut migrating = pool.acquire().await?;
        within(Some(answer), migrating.execute("SET statement_timeout TO DEFAULT")).await?;
        POSTGRES_MIGRATIONS.run(&mut *migrating).await?;
        migrating.close().await?;
        Ok(Self::of_server(pool, answer))
    }

    fn of_server(pool: AnyPool, answer: Duration) -> Self {
        Self {
            engine: Engine::Postgres,
            readers: None,
            writers: pool,
            condition: Arc::default(),
            timeout: Some(answer),
            clock: StoreClock::default(),
        }
    }

    async fn open_file(path: &str, wait: Duration, reading: Duration) -> Result<Self, StoreError> {
        if path.is_empty() || path.starts_with(":memory:") || path.contains("://") {
            return Err(StoreError::Address(
                "The store is none: expected the path of an SQLite file, or postgres://user:password@host/database."
                    .to_owned(),
            ));
        }
        if let Some(folder) = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty())
            && !folder.is_dir()
        {
            return Err(StoreError::Address(format!(
                "The store's folder {} is not there. Make it first.",
                folder.display()
            )));
        }
        let file = file_address(path);
        // Only the first connection makes the file: where it is taken away, none is made in its place.
        let (made, address) = (format!("{file}?mode=rwc"), format!("{file}?mode=rw"));
        let lock = FileLock::take(Path::new(path), wait).await?;
        // WAL lets readings go on beside a transaction; FULL makes a commit survive a loss of power. 64 MB of cache hold
        // what a bulk command changes: pages that do not fit are written to the log and read again before it ends.
        let busy = format!("PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON;", wait.as_millis());
        let pragmas = format!(
            "{busy} PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; \
                     PRAGMA journal_size_limit = {LARGEST_LOG};"
        );
        // A pool would try again and again, and not say why in the end.
        let mut first = AnyConnection::connect(&made).await?;
        first.execute(AssertSqlSafe(pragmas.clone())).await?;
        lock.begin_generation(&mut first).await?;
        let lock = lock.shared(wait).await?;
        let writers = sqlite_pool(pragmas).connect(&address).await?;
        first.close().await?;
        refuse_beside_an_older_host(&writers, Engine::Sqlite).await?;
        SQLITE_MIGRATIONS.run(&writers).await?;
        let readers = Some(Readers::open(&address, &format!("{busy} PRAGMA query_only = ON;"), reading).await?);
        let condition = Arc::new(Condition::of_file(Path::new(path), Some(lock)));
        let clock = StoreClock::default();
        Ok(Self { engine: Engine::Sqlite, readers, writers, condition, timeout: None, clock })
    }

    /// Which database it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// For reading only; on SQLite a change is refused.
    ///
    /// # Errors
    /// [`StoreError::Database`] when no connection is free in time.
    pub async fn reader(&self) -> Result<Reader, StoreError> {
        let lent = match &self.readers {
            Some(readers) => Lent::File(readers.lend().await?),
            None => Lent::Server(self.writers.acquire().await?),
        };
        let clock = self.clock.clone();
        Ok(Reader { lent, engine: self.engine, timeout: self.timeout, clock })
    }

    /// For tests: what a pragma of SQLite is for those who write, as text.
    ///
    /// # Errors
    /// [`StoreError::Database`]; always on PostgreSQL.
    #[cfg(feature = "testing")]
    pub async fn pragma(&self, sql: &'static str) -> Result<String, StoreError> {
        use sqlx::Row as _;
        let row = sqlx::query(sql).fetch_one(&self.writers).await?;
        let number: Result<i64, _> = row.try_get(0);
        Ok(number.map_or_else(|_| row.try_get(0), |number| Ok(number.to_string()))?)
    }

    /// Closes all connections, after what is under way.
    pub async fn close(&self) {
        if let Some(readers) = &self.readers {
            readers.close().await;
        }
        self.writers.close().await;
        self.condition.unlock();
    }
}

pub(super) fn is_server(address: &str) -> bool {
    address.starts_with("postgres:") || address.starts_with("postgresql:")
}

/// The path of an SQLite file in its address.
pub(super) fn file_of(address: &str) -> &str {
    let path = address.strip_prefix("sqlite:").unwrap_or(address);
    path.strip_prefix("//").unwrap_or(path)
}

/// The address of an SQLite file, without parameters.
fn file_address(path: &str) -> String {
    format!("sqlite:{}", path.replace('%', "%25").replace('?', "%3F").replace('#', "%23"))
}

/// The path of an SQLite file that is there.
///
/// # Errors
/// [`StoreError::Address`] when it is not there, or empty.
fn existing_file(address: &str) -> Result<&str, StoreError> {
    let path = file_of(address);
    if std::fs::metadata(path).map_or(0, |metadata| metadata.len()) == 0 {
        return Err(StoreError::Address(format!(
            "The store's file {path} is not there, or empty. Restore its last backup with `footprint restore FILE`."
        )));
    }
    Ok(path)
}

/// Whether the sessions of a server may change nothing.
struct ReadOnly(bool);

/// Connections to a server, for reading and for changes.
fn server_pool(wait: Duration, answer: Duration, reading: Duration, read_only: ReadOnly) -> AnyPoolOptions {
    // A transaction goes back to the server's own setting: it may have to wait for another one.
    let limited = format!("SET statement_timeout = {}", reading.as_millis());
    let taken_back = TAKEN_BACK.min(answer);
    let is_read_only = read_only.0;
    AnyPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(wait)
        .after_connect(move |connection, _| {
            let limited = AssertSqlSafe(limited.clone());
            Box::pin(async move {
                // What is acknowledged survives a loss of power.
                within(Some(answer), connection.execute(DURABLE_SESSION)).await?;
                within(Some(answer), connection.execute(NO_IDLE_TRANSACTION)).await?;
                if is_read_only {
                    within(Some(answer), connection.execute("SET default_transaction_read_only = on")).await?;
                }
                within(Some(answer), connection.execute(limited)).await.map(|_| ())
            })
        })
        // A server that vanished keeps no connection from being replaced by another one.
        .after_release(move |connection, _| {
            Box::pin(async move { within(Some(taken_back), connection.ping()).await.map(|()| true) })
        })
}

/// The one connection for changes.
fn sqlite_pool(pragmas: String) -> AnyPoolOptions {
    // In this process, connections cannot break.
    let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(WAIT).test_before_acquire(false);
    let pool = pool.idle_timeout(None).max_lifetime(None);
    // SQLite ends a transaction by itself when the disk is full or fails. The driver does not notice, so that nothing could
    // be begun any more on a connection that had this happen.
    let pool = pool.before_acquire(|connection, _| {
        let is_sound = !connection.is_in_transaction();
        Box::pin(async move { Ok(is_sound) })
    });
    pool.after_connect(move |connection, _| {
        let pragmas = AssertSqlSafe(pragmas.clone());
        Box::pin(async move {
            connection.execute(pragmas).await?;
            Ok(())
        })
    })
}

#[derive(Debug)]
enum Lent {
    File(LentFile),
    Server(PoolConnection<Any>),
}

/// A connection for reading. A statement on it that takes too long is stopped.
#[derive(Debug)]
pub struct Reader {
    lent: Lent,
    engine: Engine,
    timeout: Option<Duration>,
    clock: StoreClock,
}

impl Reader {
    /// What the store holds.
    pub fn records(&mut self) -> Records<'_> {
        let connection = match &mut self.lent {
            Lent::File(lent) => Connection::Reading(lent.limited()),
            Lent::Server(connection) => Connection::Any(connection),
        };
        let connection = WithTimeout::new(connection, self.timeout);
        Records { connection, engine: self.engine, clock: self.clock.clone() }
    }
}

/// What the store holds, seen through a [`Reader`] or a [`Transaction`](super::Transaction); each file of this folder adds what it is about.
#[derive(Debug)]
pub struct Records<'a> {
    pub(super) connection: WithTimeout<'a>,
    pub(super) engine: Engine,
    pub(super) clock: StoreClock,
}

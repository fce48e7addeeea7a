//! Opens the database of the store, on either engine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _};

use super::condition::DatabaseCondition;
use super::file_lock::{FileLock, LARGEST_LOG};
use super::migrations::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};
use super::readers::Readers;
use super::reading::{ACCESS_READERS, READERS, Reader, ReadingConnections};
use super::room::AnswerRoom;
use super::server_sessions::ServerOptions;
use super::store_address::{checked_file, existing_file, file_address, is_server};
use super::store_clock::StoreClock;
use super::timeouts::{ANSWER, READING, WAIT};
use super::upgrade::refuse_beside_an_older_host;
use super::with_timeout::within;
use super::{Engine, StoreError};
use crate::model::SchemaVersion;

/// The store. A clone is cheap and shares its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) engine: Engine,
    readers: ReadingConnections,
    access_readers: ReadingConnections,
    pub(super) writers: AnyPool,
    pub(super) condition: Arc<DatabaseCondition>,
    /// How long the store waits for a server's answer to a statement. `None` for a file.
    pub(super) timeout: Option<Duration>,
    pub(super) clock: StoreClock,
    /// The memory for answers.
    pub(super) room: AnswerRoom,
}

impl Store {
    /// Opens the store at `address`. Makes its tables where they are missing, and upgrades old ones.
    ///
    /// The address is `postgres://user:password@host/database`, or the path of an SQLite file, with or without
    /// `sqlite:` before it. A missing file is created.
    ///
    /// # Errors
    /// [`StoreError`] when the address is not valid, or no database answers there. The text never holds a password.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        Self::open_waiting(address, WAIT, ANSWER, READING).await
    }

    /// Opens the store at `address` as [`Store::open`] does, but creates no file.
    ///
    /// # Errors
    /// [`StoreError`], as of [`Store::open`], and when the file is missing or empty.
    pub async fn open_existing(address: &str) -> Result<Self, StoreError> {
        if !is_server(address) {
            existing_file(address)?;
        }
        Self::open(address).await
    }

    /// Opens the store at `address` for reading only. It creates, migrates and changes nothing. A statement that
    /// changes something fails.
    ///
    /// # Errors
    /// [`StoreError`], as of [`Store::open_existing`].
    pub async fn open_read_only(address: &str) -> Result<Self, StoreError> {
        crate::engine::install_drivers();
        if is_server(address) {
            let options = ServerOptions { wait: WAIT, answer: ANSWER, reading: READING, is_read_only: true };
            return Self::of_server(options.connected(address).await?, &options, address);
        }
        let path = existing_file(address)?;
        let lock = FileLock::take_existing(Path::new(path), WAIT).await?;
        let address = format!("{}?mode=ro", file_address(path));
        let pragmas = format!("PRAGMA busy_timeout = {}; PRAGMA query_only = ON;", WAIT.as_millis());
        // The first connection returns the error that keeps it from being opened. A pool would try again until its
        // timeout.
        AnyConnection::connect(&address).await?.close().await?;
        let writers = sqlite_pool(pragmas.clone()).connect(&address).await?;
        let condition = Arc::new(DatabaseCondition::of_file(Path::new(path), lock));
        Self::of_file(writers, condition, &address, &pragmas, (WAIT, READING)).await
    }

    /// For tests: as [`Store::open`], with `timeout` as the time limit for a server and for the lock of a file.
    ///
    /// # Errors
    /// [`StoreError`], as of [`Store::open`].
    #[cfg(feature = "testing")]
    pub async fn open_with_timeout(address: &str, timeout: Duration) -> Result<Self, StoreError> {
        Self::open_waiting(address, timeout, timeout, READING).await
    }

    /// For tests: as [`Store::open`], with `budget` as the time limit of a statement that only reads.
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
        crate::engine::install_drivers();
        let store = if is_server(address) {
            Self::open_server(address, wait, answer, reading).await?
        } else {
            Self::open_file(checked_file(address)?, wait, reading).await?
        };
        store.key_names().await?;
        store.index_earlier_incidents().await?;
        Ok(store)
    }

    async fn open_server(
        address: &str,
        wait: Duration,
        answer: Duration,
        reading: Duration,
    ) -> Result<Self, StoreError> {
        let options = ServerOptions { wait, answer, reading, is_read_only: false };
        let pool = options.connected(address).await?;
        refuse_beside_an_older_host(&pool, Engine::Postgres).await?;
        let mut migrating = pool.acquire().await?;
        within(Some(answer), migrating.execute("SET statement_timeout TO DEFAULT")).await?;
        POSTGRES_MIGRATIONS.run(&mut *migrating).await?;
        migrating.close().await?;
        Self::of_server(pool, &options, address)
    }

    fn of_server(writers: AnyPool, options: &ServerOptions, address: &str) -> Result<Self, StoreError> {
        let reading = |count: u32| {
            let pool = options.pool(count).connect_lazy(address)?;
            Ok::<_, StoreError>(ReadingConnections::of_server(pool, count, options.wait))
        };
        Ok(Self {
            engine: Engine::Postgres,
            readers: reading(READERS)?,
            access_readers: reading(ACCESS_READERS)?,
            writers,
            condition: Arc::default(),
            timeout: Some(options.answer),
            clock: StoreClock::default(),
            room: AnswerRoom::default(),
        })
    }

    async fn of_file(
        writers: AnyPool,
        condition: Arc<DatabaseCondition>,
        address: &str,
        pragmas: &str,
        (wait, reading): (Duration, Duration),
    ) -> Result<Self, StoreError> {
        let readers = Readers::open(address, pragmas, READERS, wait, reading).await?;
        let access_readers = Readers::open(address, pragmas, ACCESS_READERS, wait, reading).await?;
        Ok(Self {
            engine: Engine::Sqlite,
            readers: ReadingConnections::File(readers),
            access_readers: ReadingConnections::File(access_readers),
            writers,
            condition,
            timeout: None,
            clock: StoreClock::default(),
            room: AnswerRoom::default(),
        })
    }

    async fn open_file(path: &str, wait: Duration, reading: Duration) -> Result<Self, StoreError> {
        if let Some(folder) = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty())
            && !folder.is_dir()
        {
            return Err(StoreError::Address(format!(
                "The store's folder {} does not exist. Create it first.",
                folder.display()
            )));
        }
        let file = file_address(path);
        // Only the first connection creates the file. If the file is taken away later, no connection creates another
        // one.
        let (made, address) = (format!("{file}?mode=rwc"), format!("{file}?mode=rw"));
        let lock = FileLock::take(Path::new(path), wait).await?;
        // WAL lets readers work beside a transaction. FULL makes a commit survive a loss of power. The cache of 64 MB
        // holds the pages that a bulk command changes: pages that do not fit are written to the log and read again.
        let busy = format!("PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON;", wait.as_millis());
        let pragmas = format!(
            "{busy} PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; \
                     PRAGMA journal_size_limit = {LARGEST_LOG};"
        );
        // A pool would retry, and would not return the reason at the end.
        let mut first = AnyConnection::connect(&made).await?;
        first.execute(AssertSqlSafe(pragmas.clone())).await?;
        lock.begin_generation(&mut first).await?;
        let lock = lock.shared(wait).await?;
        let writers = sqlite_pool(pragmas).connect(&address).await?;
        first.close().await?;
        refuse_beside_an_older_host(&writers, Engine::Sqlite).await?;
        SQLITE_MIGRATIONS.run(&writers).await?;
        let condition = Arc::new(DatabaseCondition::of_file(Path::new(path), Some(lock)));
        Self::of_file(writers, condition, &address, &format!("{busy} PRAGMA query_only = ON;"), (wait, reading)).await
    }

    /// The kind of database.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The version of the store's tables, if a later version of the host made them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn later_schema(&self) -> Result<Option<SchemaVersion>, StoreError> {
        let known = match self.engine {
            Engine::Sqlite => &SQLITE_MIGRATIONS,
            Engine::Postgres => &POSTGRES_MIGRATIONS,
        };
        let query =
            sqlx::query_scalar::<_, SchemaVersion>("SELECT version FROM _sqlx_migrations ORDER BY version DESC");
        let mut reader = self.reader().await?;
        let made = query.fetch_all(&mut *reader.records().connection).await?;
        Ok(made.into_iter().find(|version| !known.version_exists(version.0)))
    }

    /// A connection for reading only, for the host itself. On SQLite a change is refused.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when no connection is free in time.
    pub async fn reader(&self) -> Result<Reader, StoreError> {
        self.reading(&self.readers, None).await
    }

    /// A connection for reading only, for a caller. One caller gets at most half of the connections.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when no connection is free in time.
    pub async fn reader_of(&self, caller: &str) -> Result<Reader, StoreError> {
        self.reading(&self.readers, Some(caller)).await
    }

    /// A connection for reading users and keys. Other readings never keep it waiting.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when no connection is free in time.
    pub async fn access_reader(&self) -> Result<Reader, StoreError> {
        self.reading(&self.access_readers, None).await
    }

    async fn reading(&self, connections: &ReadingConnections, caller: Option<&str>) -> Result<Reader, StoreError> {
        let lent = connections.lend(caller).await?;
        let (clock, room) = (self.clock.clone(), self.room.clone());
        Ok(Reader { lent, engine: self.engine, timeout: self.timeout, clock, room })
    }

    /// The memory for answers.
    #[must_use]
    pub fn answer_room(&self) -> &AnswerRoom {
        &self.room
    }

    /// For tests: the value of a pragma of SQLite on a connection that writes, as text.
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

    /// Closes all connections, after the statements under way.
    pub async fn close(&self) {
        self.readers.close().await;
        self.access_readers.close().await;
        self.writers.close().await;
        self.condition.unlock();
    }
}

/// The one connection for changes.
fn sqlite_pool(pragmas: String) -> AnyPoolOptions {
    // Connections within this process cannot break.
    let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(WAIT).test_before_acquire(false);
    let pool = pool.idle_timeout(None).max_lifetime(None);
    // SQLite ends a transaction when the disk is full or fails. The driver does not notice this, and could begin no
    // further transaction on that connection.
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

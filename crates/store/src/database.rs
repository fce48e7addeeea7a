//! The database under the store: opening it, reading, and transactions, on either engine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _};

use super::changes::Changes;
use super::durability::DURABLE_SESSION;
use super::patient::{Patient, within};
use super::readers::{Lent, Readers};
use super::trouble::Condition;
use super::{Engine, StoreError};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a call waits for a free connection, or for another process to end its transaction.
pub(super) const WAIT: Duration = Duration::from_secs(30);

/// How long a server may take to answer a statement, and to take a connection back.
const ANSWER: Duration = Duration::from_secs(60);
pub(super) const TAKEN_BACK: Duration = Duration::from_secs(5);

/// How many transactions, and how many readings, PostgreSQL runs at once for one host.
const POSTGRES_CONNECTIONS: u32 = 8;

/// How many readings SQLite runs at once; it runs one transaction at a time.
const SQLITE_READERS: u32 = 4;

/// The store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) engine: Engine,
    readers: Readers,
    pub(super) writers: AnyPool,
    pub(super) changes: Arc<Changes>,
    pub(super) condition: Arc<Condition>,
    /// How long an answer to a statement is waited for; of a file there always is one.
    pub(super) patience: Option<Duration>,
    /// For pools of other libraries on the same database; it may hold a password.
    address: SecretString,
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
        Self::open_waiting(address, WAIT, ANSWER).await
    }

    /// Opens the store at `address` as [`Store::open`] does, but makes no file where there is none.
    ///
    /// # Errors
    /// [`StoreError`], as of [`Store::open`], and when the file is not there or empty.
    pub async fn open_existing(address: &str) -> Result<Self, StoreError> {
        if !is_server(address) {
            let path = file_of(address);
            let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
            if length == 0 {
                return Err(StoreError::Address(format!(
                    "The store's file {path} is not there, or empty. Put back the file or its last backup."
                )));
            }
        }
        Self::open(address).await
    }

    /// For tests: the same, and a server, or who holds a file, is waited for `patience` and no longer.
    ///
    /// # Errors
    /// [`StoreError`], as of [`Store::open`].
    #[cfg(feature = "testing")]
    pub async fn open_impatient(address: &str, patience: Duration) -> Result<Self, StoreError> {
        Self::open_waiting(address, patience, patience).await
    }

    async fn open_waiting(address: &str, wait: Duration, answer: Duration) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        if is_server(address) {
            Self::open_server(address, wait, answer).await
        } else {
            Self::open_file(file_of(address), wait).await
        }
    }

    async fn open_server(address: &str, wait: Duration, answer: Duration) -> Result<Self, StoreError> {
        let taken_back = TAKEN_BACK.min(answer);
        let pool = AnyPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(wait)
            .after_connect(move |connection, _| {
                // What is acknowledged survives a loss of power.
                Box::pin(async move { within(Some(answer), connection.execute(DURABLE_SESSION)).await.map(|_| ()) })
            })
            // A server that vanished keeps no connection from being replaced by another one.
            .after_release(move |connection, _| {
                Box::pin(async move { within(Some(taken_back), connection.ping()).await.map(|()| true) })
            });
        let pool = pool.connect(address).await?;
        POSTGRES_MIGRATIONS.run(&pool).await?;
        Ok(Self {
            engine: Engine::Postgres,
            readers: Readers::Pool(pool.clone()),
            writers: pool,
            changes: Arc::default(),
            condition: Arc::default(),
            patience: Some(answer),
            address: address.into(),
        })
    }

    async fn open_file(path: &str, wait: Duration) -> Result<Self, StoreError> {
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
        let file = format!("sqlite:{}", path.replace('%', "%25").replace('?', "%3F").replace('#', "%23"));
        // Only the first connection makes the file: where it is taken away, none is made in its place.
        let (made, address) = (format!("{file}?mode=rwc"), format!("{file}?mode=rw"));
        // WAL lets readings go on beside a transaction; FULL makes a commit survive a loss of power. 64 MB of cache hold
        // what a bulk command changes: pages that do not fit are written to the log and read again before it ends.
        let busy = format!("PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON;", wait.as_millis());
        let pragmas =
            format!("{busy} PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;");
        // A pool would try again and again, and not say why in the end.
        let mut first = AnyConnection::connect(&made).await?;
        first.execute(AssertSqlSafe(pragmas.clone())).await?;
        let changes = Arc::<Changes>::default();
        let writers = sqlite_pool(1, pragmas, Arc::clone(&changes)).connect(&address).await?;
        first.close().await?;
        SQLITE_MIGRATIONS.run(&writers).await?;
        let reading = format!("{busy} PRAGMA query_only = ON;");
        let readers = sqlite_pool(SQLITE_READERS, reading, Arc::default()).connect(&address).await?;
        let readers = Readers::kept(readers).await?;
        let condition = Arc::new(Condition::of_file(Path::new(path)));
        let address = address.into();
        Ok(Self { engine: Engine::Sqlite, readers, writers, changes, condition, patience: None, address })
    }

    /// Which database it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Where the database is, as its engine's own driver takes it.
    pub(super) fn address(&self) -> &str {
        self.address.expose_secret()
    }

    /// For reading only; on SQLite a change is refused.
    ///
    /// # Errors
    /// [`StoreError::Database`] when no connection is free in time.
    pub async fn reader(&self) -> Result<Reader, StoreError> {
        Ok(Reader { lent: self.readers.lend().await?, engine: self.engine, patience: self.patience })
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
        self.readers.close().await;
        self.writers.close().await;
    }
}

fn is_server(address: &str) -> bool {
    address.starts_with("postgres:") || address.starts_with("postgresql:")
}

/// The path of an SQLite file in its address.
fn file_of(address: &str) -> &str {
    let path = address.strip_prefix("sqlite:").unwrap_or(address);
    path.strip_prefix("//").unwrap_or(path)
}

fn sqlite_pool(connections: u32, pragmas: String, changes: Arc<Changes>) -> AnyPoolOptions {
    // In this process, connections cannot break.
    let pool = AnyPoolOptions::new().max_connections(connections).acquire_timeout(WAIT).test_before_acquire(false);
    let pool = pool.idle_timeout(None).max_lifetime(None);
    // SQLite ends a transaction by itself when the disk is full or fails. The driver does not notice, so that nothing could
    // be begun any more on a connection that had this happen.
    let pool = pool.before_acquire(|connection, _| {
        let is_sound = !connection.is_in_transaction();
        Box::pin(async move { Ok(is_sound) })
    });
    pool.after_connect(move |connection, _| {
        // Another connection counts changes anew.
        changes.touch();
        let pragmas = AssertSqlSafe(pragmas.clone());
        Box::pin(async move {
            connection.execute(pragmas).await?;
            Ok(())
        })
    })
}

/// A connection for reading.
#[derive(Debug)]
pub struct Reader {
    lent: Lent,
    engine: Engine,
    patience: Option<Duration>,
}

impl Reader {
    /// What the store holds.
    pub fn records(&mut self) -> Records<'_> {
        Records { connection: Patient::new(self.lent.connection(), self.patience), engine: self.engine }
    }
}

/// What the store holds, seen through a [`Reader`] or a [`Transaction`](super::Transaction); each file of this folder adds what it is about.
#[derive(Debug)]
pub struct Records<'a> {
    pub(super) connection: Patient<'a>,
    pub(super) engine: Engine,
}

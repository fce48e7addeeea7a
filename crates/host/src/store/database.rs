//! The database under the store: opening it, reading, and transactions, on either engine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use sqlx::{Any, AnyConnection, AnyPool, Executor as _};

use super::StoreError;
use super::changes::Changes;
use super::readers::{Lent, Readers};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a call waits for a free connection, or for another process to end its transaction.
pub(super) const WAIT: Duration = Duration::from_secs(30);

/// How many transactions, and how many readings, PostgreSQL runs at once for one host.
const POSTGRES_CONNECTIONS: u32 = 8;

/// How many readings SQLite runs at once; it runs one transaction at a time.
const SQLITE_READERS: u32 = 4;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file.
    Sqlite,
    /// A server, which several hosts can share.
    Postgres,
}

/// The store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) engine: Engine,
    readers: Readers,
    pub(super) writers: AnyPool,
    pub(super) changes: Arc<Changes>,
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
        sqlx::any::install_default_drivers();
        let store = if address.starts_with("postgres:") || address.starts_with("postgresql:") {
            let pool = AnyPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(WAIT);
            let pool = pool.connect(address).await?;
            POSTGRES_MIGRATIONS.run(&pool).await?;
            let readers = Readers::Pool(pool.clone());
            Self { engine: Engine::Postgres, readers, writers: pool, changes: Arc::default(), address: address.into() }
        } else {
            Self::open_file(address.strip_prefix("sqlite:").unwrap_or(address)).await?
        };
        Ok(store)
    }

    async fn open_file(path: &str) -> Result<Self, StoreError> {
        let path = path.strip_prefix("//").unwrap_or(path);
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
        let address = format!("sqlite:{}?mode=rwc", path.replace('%', "%25").replace('?', "%3F").replace('#', "%23"));
        // WAL lets readings go on beside a transaction; FULL makes a commit survive a loss of power. 64 MB of cache hold
        // what a bulk command changes: pages that do not fit are written to the log and read again before it ends.
        let pragmas = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                       PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;";
        let changes = Arc::<Changes>::default();
        let writers = sqlite_pool(1, pragmas, Arc::clone(&changes)).connect(&address).await?;
        SQLITE_MIGRATIONS.run(&writers).await?;
        let reading = "PRAGMA busy_timeout = 30000; PRAGMA foreign_keys = ON; PRAGMA query_only = ON;";
        let readers = sqlite_pool(SQLITE_READERS, reading, Arc::default()).connect(&address).await?;
        let readers = Readers::kept(readers).await?;
        Ok(Self { engine: Engine::Sqlite, readers, writers, changes, address: address.into() })
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
        Ok(Reader { lent: self.readers.lend().await?, engine: self.engine })
    }

    /// For changes, which are all done by [`Transaction::commit`] or not at all.
    ///
    /// # Errors
    /// [`StoreError::Database`] when no connection is free in time.
    pub async fn transaction(&self) -> Result<Transaction, StoreError> {
        // Locked from the start: a reading transaction that turns into a writing one can fail for no fault of its own.
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        let inner = self.writers.begin_with(begin).await?;
        self.changes.touch();
        Ok(Transaction { inner, engine: self.engine })
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

fn sqlite_pool(connections: u32, pragmas: &'static str, changes: Arc<Changes>) -> AnyPoolOptions {
    // In this process, connections cannot break.
    let pool = AnyPoolOptions::new().max_connections(connections).acquire_timeout(WAIT).test_before_acquire(false);
    let pool = pool.idle_timeout(None).max_lifetime(None);
    pool.after_connect(move |connection, _| {
        // Another connection counts changes anew.
        changes.touch();
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
}

impl Reader {
    /// What the store holds.
    pub fn records(&mut self) -> Records<'_> {
        Records { connection: self.lent.connection(), engine: self.engine }
    }
}

/// A transaction; dropped without [`commit`](Self::commit) it has changed nothing.
#[derive(Debug)]
pub struct Transaction {
    inner: sqlx::Transaction<'static, Any>,
    engine: Engine,
}

impl Transaction {
    /// What the store holds, as changed so far.
    pub fn records(&mut self) -> Records<'_> {
        Records { connection: &mut self.inner, engine: self.engine }
    }

    /// Makes the changes, durably.
    ///
    /// # Errors
    /// [`StoreError::Database`]; nothing is changed then, or, where the connection broke meanwhile, maybe everything.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }
}

/// What the store holds, seen through a [`Reader`] or a [`Transaction`]; each file of this folder adds what it is about.
#[derive(Debug)]
pub struct Records<'a> {
    pub(super) connection: &'a mut AnyConnection,
    pub(super) engine: Engine,
}

impl Engine {
    // Without the sign before a parameter, SQLite plans a statement anew whenever a value changes.

    /// SQL for the texts in a JSON array that is bound as `parameter`, such as `$1`; for `number IN (…)`.
    pub(super) fn texts_of(self, parameter: &str) -> String {
        match self {
            Self::Sqlite => format!("SELECT value FROM json_each(+{parameter})"),
            Self::Postgres => format!("SELECT jsonb_array_elements_text(CAST({parameter} AS jsonb))"),
        }
    }

    /// SQL for a table of the texts in a JSON array that is bound as `parameter`, under `alias`: `text`, and its
    /// `position` in the array.
    pub(super) fn table_of_texts(self, parameter: &str, alias: &str) -> String {
        match self {
            Self::Sqlite => format!("(SELECT value AS text, key AS position FROM json_each({parameter})) {alias}"),
            Self::Postgres => format!(
                "(SELECT text, position - 1 AS position
                  FROM jsonb_array_elements_text(CAST({parameter} AS jsonb)) WITH ORDINALITY AS t (text, position)) {alias}"
            ),
        }
    }

    /// SQL for the rows of a query in one JSON array of arrays, as text: many rows come over quicker so.
    pub(super) fn gathered(self, columns: &str) -> String {
        match self {
            Self::Sqlite => format!("json_group_array(json_array({columns}))"),
            Self::Postgres => format!("COALESCE(CAST(json_agg(json_build_array({columns})) AS TEXT), '[]')"),
        }
    }

    /// SQL for the whole numbers in a JSON array that is bound as `parameter`.
    pub(super) fn integers_of(self, parameter: &str) -> String {
        match self {
            Self::Sqlite => format!("SELECT value FROM json_each(+{parameter})"),
            Self::Postgres => {
                format!("SELECT CAST(jsonb_array_elements_text(CAST({parameter} AS jsonb)) AS BIGINT)")
            }
        }
    }

    /// SQL for all rows as one text, a JSON array of arrays: one value costs far less on its way than its parts.
    pub(super) fn packed(self, columns: &str, order: &str) -> String {
        match self {
            Self::Sqlite => format!("json_group_array(json_array({columns}) ORDER BY {order})"),
            Self::Postgres => {
                format!("CAST(COALESCE(json_agg(json_build_array({columns}) ORDER BY {order}), '[]') AS TEXT)")
            }
        }
    }

    /// SQL after a text column so that it is compared by its characters' numbers, whatever the database's language.
    pub(super) fn bytewise(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " COLLATE \"C\"",
        }
    }

    /// SQL that keeps the rows just read from being changed by others until the transaction ends.
    pub(super) fn for_update(self) -> &'static str {
        match self {
            // A transaction has the whole file to itself.
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }
}

//! Whether the store is still as it was: for whoever keeps what was read from it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Any, Row as _};

use super::patient::Patient;
use super::trouble::Condition;
use super::{Engine, Records, Store, StoreError};
use crate::model::AuditEntry;

/// What the store held at some time: while its version is the same, no more than the audit log and the time of keys'
/// last use has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreVersion(u64);

/// What is known of changes to the store.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Rises with every look that finds a change.
    version: AtomicU64,
    sqlite: FileChanges,
    postgres: Mutex<Option<Seen>>,
}

/// Of an SQLite file: its one connection for changes sees by `PRAGMA data_version` whatever any other connection commits,
/// in this process or another; what it commits itself is known here.
#[derive(Debug, Default)]
struct FileChanges {
    /// Whether there may have been transactions on the connection since it was last looked, or it is a new one.
    touched: AtomicBool,
    /// What `PRAGMA data_version` said then.
    data_version: AtomicI64,
}

/// Of a PostgreSQL database: which transactions were visible at the last look. Whoever changed anything since then is a
/// transaction that has become visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// When the server started, as it writes it. One that took another's place may have lost that one's last transactions,
    /// and gives their numbers to others.
    pub server: String,
    /// As `pg_current_snapshot()` writes it.
    pub snapshot: String,
    /// The transaction that looked, which changed nothing but the audit log.
    pub own: String,
}

impl Changes {
    /// Says that the connection for changes may change something from now on.
    pub(super) fn touch(&self) {
        self.sqlite.touched.store(true, Ordering::SeqCst);
    }

    fn noted(&self) -> StoreVersion {
        StoreVersion(self.version.load(Ordering::SeqCst))
    }

    /// Notes a look at a file. Only who holds the connection may, for then no transaction is under way on it.
    fn note_file(&self, data_version: i64) {
        let is_touched = self.sqlite.touched.swap(false, Ordering::SeqCst);
        if self.sqlite.data_version.swap(data_version, Ordering::SeqCst) != data_version || is_touched {
            self.version.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The last look at a database, and the version that was noted with it.
    fn seen(&self) -> (StoreVersion, Option<Seen>) {
        let seen = self.postgres.lock().unwrap_or_else(PoisonError::into_inner);
        (self.noted(), seen.clone())
    }

    /// Notes a look at a database, which found that nothing, or something, had become visible since `before`.
    fn note_seen(&self, before: Option<&Seen>, now: Seen, is_unchanged: bool) {
        let mut seen = self.postgres.lock().unwrap_or_else(PoisonError::into_inner);
        // Another look may have come between: what it found is not what this one compared with.
        if !is_unchanged || seen.as_ref() != before {
            self.version.fetch_add(1, Ordering::SeqCst);
        }
        *seen = Some(now);
    }
}

/// A connection for additions to the audit log and for looking whether anything changed, outside a transaction: each
/// statement is done by itself. On SQLite, whoever has it keeps all others from changing anything.
#[derive(Debug)]
pub struct LogWriter {
    connection: PoolConnection<Any>,
    engine: Engine,
    changes: Arc<Changes>,
    condition: Arc<Condition>,
    patience: Option<Duration>,
}

impl Store {
    /// # Errors
    /// [`StoreError::Database`] when no connection is free in time.
    pub async fn log_writer(&self) -> Result<LogWriter, StoreError> {
        self.condition.check_file()?;
        let connection = self.writers.acquire().await?;
        let (changes, condition) = (Arc::clone(&self.changes), Arc::clone(&self.condition));
        Ok(LogWriter { connection, engine: self.engine, changes, condition, patience: self.patience })
    }

    /// The version that was last noted. What is read after this call is no older; it may be newer, and then the next look
    /// finds another version.
    pub fn noted_version(&self) -> StoreVersion {
        self.changes.noted()
    }
}

impl LogWriter {
    /// The version that was last noted: see [`Store::noted_version`].
    pub fn noted_version(&self) -> StoreVersion {
        self.changes.noted()
    }

    /// Adds entries to the audit log.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::FileGone`] when they went into a file that is not there any more.
    pub async fn append(&mut self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite => {
                self.records().append_audit(entries).await?;
                self.condition.check_file()
            }
            // What this statement adds is a change that it must know again.
            Engine::Postgres => {
                let (_, before) = self.changes.seen();
                self.append_and_look(entries, before, false).await.map(|_| ())
            }
        }
    }

    /// Adds entries to the audit log if `version` is the store's still; whether it is. If not, the store's version has
    /// been noted anew. The same as a look and the addition, in one statement.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::FileGone`], as of [`LogWriter::append`].
    pub async fn append_if(&mut self, entries: &[AuditEntry], version: StoreVersion) -> Result<bool, StoreError> {
        if self.engine == Engine::Postgres {
            let (noted, before) = self.changes.seen();
            let is_noted = noted == version;
            return Ok(self.append_and_look(if is_noted { entries } else { &[] }, before, true).await? && is_noted);
        }
        // Nobody but who holds the connection begins a transaction on it.
        let file = &self.changes.sqlite;
        if self.noted_version() == version && !file.touched.load(Ordering::SeqCst) {
            let data_version = file.data_version.load(Ordering::SeqCst);
            if self.records().append_audit_if(entries, data_version).await? {
                return self.condition.check_file().map(|()| true);
            }
        }
        let looked = sqlx::query("SELECT CAST(data_version AS BIGINT) FROM pragma_data_version");
        let data_version: i64 = looked.fetch_one(&mut *self.connection).await?.try_get(0)?;
        self.changes.note_file(data_version);
        Ok(false)
    }

    /// Whether nothing has changed since `before`.
    async fn append_and_look(
        &mut self,
        entries: &[AuditEntry],
        before: Option<Seen>,
        if_unchanged: bool,
    ) -> Result<bool, StoreError> {
        let (now, is_unchanged) = self.records().append_audit_and_look(entries, before.as_ref(), if_unchanged).await?;
        self.changes.note_seen(before.as_ref(), now, is_unchanged);
        Ok(is_unchanged)
    }

    /// What the store holds; each statement is a transaction of its own.
    pub fn records(&mut self) -> Records<'_> {
        Records { connection: Patient::new(&mut self.connection, self.patience), engine: self.engine }
    }
}

//! Whether the store is still as it was: for whoever keeps what was read from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Any, Row as _};

use super::patient::Patient;
use super::{Engine, Records, Store, StoreError};
use crate::model::AuditEntry;

/// What the store held at some time: while its version is the same, no more than the audit log and the time of keys'
/// last use has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreVersion(u64);

/// What is known of changes to an SQLite file. Its one connection for changes sees by `PRAGMA data_version` whatever any
/// other connection commits, in this process or another; what it commits itself is known here.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Whether there may have been transactions on the connection since it was last looked, or it is a new one.
    touched: AtomicBool,
    /// What `PRAGMA data_version` said then.
    data_version: AtomicI64,
    /// Rises with every look that finds a change.
    version: AtomicU64,
}

impl Changes {
    /// Says that the connection for changes may change something from now on.
    pub(super) fn touch(&self) {
        self.touched.store(true, Ordering::SeqCst);
    }

    fn noted(&self) -> StoreVersion {
        StoreVersion(self.version.load(Ordering::SeqCst))
    }

    /// Notes a look. Only who holds the connection may, for then no transaction is under way on it.
    fn note(&self, data_version: i64) {
        let is_touched = self.touched.swap(false, Ordering::SeqCst);
        if self.data_version.swap(data_version, Ordering::SeqCst) != data_version || is_touched {
            self.version.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// A connection for additions to the audit log and for looking whether anything changed, outside a transaction: each
/// statement is done by itself. On SQLite, whoever has it keeps all others from changing anything.
#[derive(Debug)]
pub(crate) struct LogWriter {
    connection: PoolConnection<Any>,
    engine: Engine,
    changes: Arc<Changes>,
    patience: Option<Duration>,
}

impl Store {
    /// # Errors
    /// [`StoreError::Database`] when no connection is free in time.
    pub(crate) async fn log_writer(&self) -> Result<LogWriter, StoreError> {
        self.condition.check_file()?;
        let connection = self.writers.acquire().await?;
        Ok(LogWriter { connection, engine: self.engine, changes: Arc::clone(&self.changes), patience: self.patience })
    }

    /// The version that was last noted. What is read after this call is no older; it may be newer, and then the next look
    /// finds another version. `None` where changes are not told apart.
    pub(crate) fn noted_version(&self) -> Option<StoreVersion> {
        match self.engine {
            Engine::Sqlite => Some(self.changes.noted()),
            Engine::Postgres => None,
        }
    }
}

impl LogWriter {
    /// Looks whether the store has changed, and notes its version.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) async fn note_version(&mut self) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite {
            let looked = sqlx::query("SELECT CAST(data_version AS BIGINT) FROM pragma_data_version");
            let data_version: i64 = looked.fetch_one(&mut *self.connection).await?.try_get(0)?;
            self.changes.note(data_version);
        }
        Ok(())
    }

    /// The version that was last noted: see [`Store::noted_version`].
    pub(crate) fn noted_version(&self) -> Option<StoreVersion> {
        (self.engine == Engine::Sqlite).then(|| self.changes.noted())
    }

    /// Adds entries to the audit log if the version that was last noted is the store's still; whether it is. The same as
    /// a look and the addition, in one statement.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) async fn append_if_unchanged(&mut self, entries: &[AuditEntry]) -> Result<bool, StoreError> {
        // Nobody but who holds the connection begins a transaction on it.
        if self.engine != Engine::Sqlite || self.changes.touched.load(Ordering::SeqCst) {
            return Ok(false);
        }
        let data_version = self.changes.data_version.load(Ordering::SeqCst);
        self.records().append_audit_if(entries, data_version).await
    }

    /// What the store holds; each statement is a transaction of its own.
    pub(crate) fn records(&mut self) -> Records<'_> {
        Records { connection: Patient::new(&mut self.connection, self.patience), engine: self.engine }
    }
}

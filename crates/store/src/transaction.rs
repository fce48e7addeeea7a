//! Transactions, and the outcome of those that ended with an error.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::pool::PoolConnection;
use sqlx::{Any, Database, SqlSafeStr as _};
use sqlx_core::transaction::TransactionManager as _;
use sqlx_postgres::{PgDatabaseError, PgSeverity};

use super::condition::DatabaseCondition;
use super::room::AnswerRoom;
use super::store_clock::StoreClock;
use super::with_timeout::{StatementConnection, WithTimeout, within};
use super::{Engine, Records, Store, StoreError, Trouble};

const TAKES_NO_CHANGE: &str = "The store did not take the change in time, so nothing was done. Another change or another \
                               program holds the store.";

/// Begins and ends transactions on either engine.
type Manager = <Any as Database>::TransactionManager;

impl Store {
    /// A transaction for changes. [`Transaction::commit`] makes all of them; otherwise none is made.
    ///
    /// # Errors
    /// [`StoreError::Database`] when no connection is free in time.
    pub async fn transaction(&self) -> Result<Transaction, StoreError> {
        // The file is locked from the start: a reading transaction that becomes a writing one can fail without a fault
        // of its own.
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            // The time limit of reading statements does not apply here.
            Engine::Postgres => "BEGIN; SET LOCAL statement_timeout TO DEFAULT",
        };
        self.condition.check_file()?;
        // Boxed: the compiler would else prove for each caller that all parts of the pool can be sent between threads.
        let connection = self.writers.acquire().boxed().await?;
        let condition = Arc::clone(&self.condition);
        let (engine, timeout, clock) = (self.engine, self.timeout, self.clock.clone());
        let room = self.room.clone();
        let mut transaction = Transaction {
            connection,
            stage: TransactionState::InDoubt,
            engine,
            timeout,
            busy: false,
            condition,
            clock,
            room,
        };
        within(self.timeout, Manager::begin(&mut transaction.connection, Some(begin.into_sql_str()))).await?;
        transaction.stage = TransactionState::Open;
        Ok(transaction)
    }

    /// As [`Store::transaction`], with this timeout where it is shorter than the store's own: for a change for which a
    /// person waits.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the store takes no change for so long. Nothing is changed then.
    pub async fn transaction_within(&self, timeout: Duration) -> Result<Transaction, StoreError> {
        let begun = tokio::time::timeout(timeout, self.transaction()).await;
        begun.unwrap_or(Err(StoreError::Busy(TAKES_NO_CHANGE)))
    }
}

/// The state of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TransactionState {
    /// It is being begun or committed. The connection may be used again only once the outcome is known.
    InDoubt,
    Open,
    Ended,
}

/// A transaction. If it is dropped without [`commit`](Self::commit), it has changed nothing.
#[derive(Debug)]
pub struct Transaction {
    connection: PoolConnection<Any>,
    stage: TransactionState,
    engine: Engine,
    timeout: Option<Duration>,
    busy: bool,
    condition: Arc<DatabaseCondition>,
    clock: StoreClock,
    room: AnswerRoom,
}

impl Transaction {
    /// The records in the store, with the changes so far.
    pub fn records(&mut self) -> Records<'_> {
        let connection = WithTimeout::new(StatementConnection::Any(&mut self.connection), self.timeout, &mut self.busy);
        Records { connection, engine: self.engine, clock: self.clock.clone(), room: self.room.clone() }
    }

    /// Ends the transaction without its changes, and gives its locks back. Dropping it does both a little later.
    ///
    /// # Errors
    /// [`StoreError::Database`]. The connection is closed then, which ends the transaction too.
    pub async fn roll_back(mut self) -> Result<(), StoreError> {
        self.stage = TransactionState::InDoubt;
        within(self.timeout, Manager::rollback(&mut self.connection)).await?;
        self.stage = TransactionState::Ended;
        Ok(())
    }

    /// Commits the changes, durably.
    ///
    /// # Errors
    /// [`StoreError::Database`]: nothing is changed then. [`StoreError::Uncertain`] when the connection broke
    /// meanwhile, or the file was taken away: then the changes may have been made.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.stage = TransactionState::InDoubt;
        match within(self.timeout, Manager::commit(&mut self.connection)).await {
            Ok(()) => {
                self.stage = TransactionState::Ended;
                // The changes are in the file that was opened. Whether that file comes back is unknown.
                self.condition.check_file().map_err(|gone| {
                    StoreError::Uncertain(sqlx::Error::Io(io::Error::new(io::ErrorKind::NotFound, gone.to_string())))
                })
            }
            Err(error) if may_be_committed(&error) => Err(StoreError::Uncertain(error)),
            Err(error) => Err(StoreError::Database(error)),
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        match self.stage {
            TransactionState::InDoubt => self.connection.close_on_drop(),
            // The server would go on with the statement of a caller that went away.
            TransactionState::Open if self.busy => self.connection.close_on_drop(),
            TransactionState::Open => Manager::start_rollback(&mut self.connection),
            TransactionState::Ended => {}
        }
    }
}

/// Whether a commit that ended with `error` may have been made.
fn may_be_committed(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(inner) => match inner.try_downcast_ref::<PgDatabaseError>() {
            // A server that crashes at a commit, for example because its disk is full, may find the commit in its log
            // later. After a mere error the server has rolled back.
            Some(inner) => inner.severity() != PgSeverity::Error || Trouble::of(error) == Some(Trouble::Gone),
            // SQLite: the commit was written and may not be on the disk (SQLITE_IOERR_FSYNC and
            // SQLITE_IOERR_DIR_FSYNC), or it is on the disk and could not be shown to other processes
            // (SQLITE_IOERR_SHMSIZE and SQLITE_IOERR_SHMMAP).
            None => {
                matches!(inner.code().as_deref(), Some("1034" | "1290" | "4874" | "5386"))
                    || Trouble::of(error) == Some(Trouble::Gone)
            }
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::error::Error;

    use sqlx::error::{DatabaseError, ErrorKind};

    use super::may_be_committed;

    /// SQLite's error with this code.
    #[derive(Debug, thiserror::Error)]
    #[error("as of a disk")]
    struct Coded(&'static str);

    impl DatabaseError for Coded {
        fn message(&self) -> &'static str {
            "as of a disk"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    #[test]
    fn a_commit_that_could_not_be_synced_is_uncertain() {
        // The file or its folder could not be synced. A full disk could not be written, which rolls all back.
        for (code, is_open) in [("1034", true), ("1290", true), ("13", false), ("778", false)] {
            assert_eq!(may_be_committed(&sqlx::Error::Database(Box::new(Coded(code)))), is_open, "{code}");
        }
    }
}

//! What can go wrong with the store.

use soar_connector::name::quoted;
use soar_connector::sentence;
use sqlx::sqlite::SqliteError;

use super::timeouts::READING;
use super::trouble::Trouble;

/// Why the store could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing.
    #[error("There is no {what} {}.", quoted(name))]
    NotFound {
        /// Such as `site`.
        what: &'static str,
        /// Its name or number, as it was asked for.
        name: String,
    },
    /// There is one of that name already.
    #[error("The {what} {} exists already. Choose another name or number.", quoted(name))]
    Duplicate {
        /// Such as `site`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A value cannot be kept.
    #[error("{0}")]
    Invalid(String),
    /// Something else still needs it.
    #[error("The {what} {} is still in use: {by}.", quoted(name))]
    InUse {
        /// Such as `site`.
        what: &'static str,
        /// Its name.
        name: String,
        /// By what, in words.
        by: String,
    },
    /// Something else changed it at the same moment, or since it was read.
    #[error("{0}")]
    Conflict(String),
    /// The address of the store is not one.
    #[error("{0}")]
    Address(String),
    /// The store's tables could not be made ready.
    #[error("The store's tables could not be made ready: {}", said(.0, Trouble::of_migration(.0)))]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database said so.
    #[error("The database failed: {}", said(.0, Trouble::of(.0)))]
    Database(#[source] sqlx::Error),
    /// A statement that only reads was stopped.
    #[error(
        "The store took longer than {} seconds to read, and was stopped. Ask for less at once, such as a shorter time or a \
         smaller page.",
        READING.as_secs()
    )]
    TooLong,
    /// The database broke off while changes were being committed: they are all made, or none of them.
    #[error("The database broke off, so that nobody knows whether a change was made: {}", said(.0, Trouble::of(.0)))]
    Uncertain(sqlx::Error),
    /// The store's file was deleted, moved or replaced while it was open.
    #[error(
        "The store's file {0} is not there any more, or is another one, so nothing is written. Put back the one that was \
         there. To replace it by a backup, stop the host and run `footprint restore FILE`."
    )]
    FileGone(String),
    /// The write-ahead log beside the store's file was written for another file.
    #[error(
        "The file {0}-wal is not the log of {0}: another file was put in the place of the store's file, and the log stayed. \
         Nothing was changed. To restore a backup, run `footprint restore FILE`, which removes the log. To use {0} as it is, \
         delete {0}-wal and {0}-shm; changes that only the log holds are lost then."
    )]
    ForeignLog(String),
    /// Other processes have the store's file open, or one of them restores it.
    #[error(
        "Another process has the store's file {0} open, such as a host, or a backup that is being restored. Stop the host, \
         or wait until the other process has ended, and try again."
    )]
    Locked(String),
    /// A host of an earlier version works on the store.
    #[error(
        "A host of an earlier version still runs on this store, and the two versions cannot share due work. Stop all hosts \
         of the earlier version, then start this one."
    )]
    OlderHost,
    /// A row holds what this version cannot read.
    #[error("The store holds what this version cannot read: {0}")]
    Unreadable(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            error if is_stopped(&error) => Self::TooLong,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Unreadable(error.to_string()),
            error => Self::Database(error),
        }
    }
}

/// Whether the database stopped the statement for its time limit.
fn is_stopped(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(inner) = error else { return false };
    let code = inner.code();
    match inner.try_downcast_ref::<SqliteError>() {
        // SQLITE_INTERRUPT and query_canceled.
        Some(_) => code.as_deref() == Some("9"),
        None => code.as_deref() == Some("57014"),
    }
}

impl StoreError {
    /// What keeps the database from working, if that is what the error is about: later it may work again.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Database(error) | Self::Uncertain(error) => Trouble::of(error),
            Self::Migration(error) => Trouble::of_migration(error),
            Self::FileGone(_) => Some(Trouble::Gone),
            _ => None,
        }
    }

    /// `self`, unless the database refused a second row of the same name: then that is what it says.
    #[must_use]
    pub fn or_duplicate(error: sqlx::Error, what: &'static str, name: &str) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                Self::Duplicate { what, name: name.to_owned() }
            }
            _ => error.into(),
        }
    }

    /// The store is closed, or about to be.
    pub fn closed() -> Self {
        Self::Database(sqlx::Error::PoolClosed)
    }

    /// The store was asked, and did not answer in time.
    pub fn no_answer() -> Self {
        Self::Database(sqlx::Error::PoolTimedOut)
    }

    /// Whether the transaction lost against another one, and may succeed when it is done again.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        // PostgreSQL: serialization_failure and deadlock_detected.
        matches!(self, Self::Database(sqlx::Error::Database(inner))
            if matches!(inner.code().as_deref(), Some("40001" | "40P01")))
    }

    /// There is no `what` of this name.
    #[must_use]
    pub fn not_found(what: &'static str, name: impl Into<String>) -> Self {
        Self::NotFound { what, name: name.into() }
    }
}

/// The error as a sentence, and what to do about it.
fn said(error: &dyn std::fmt::Display, trouble: Option<Trouble>) -> String {
    let said = sentence(&error.to_string());
    trouble.map_or_else(|| said.clone(), |trouble| format!("{said} {}", trouble.advice()))
}

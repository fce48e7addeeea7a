//! Errors of the store.

use soar_connector::name::quoted;
use soar_connector::sentence;
use sqlx_postgres::PgDatabaseError;
use sqlx_sqlite::SqliteError;

use super::timeouts::READING;
use super::trouble::Trouble;
use crate::columns::NotBase64;
use crate::model::limits::{MOST_ANSWER_BYTES, TextTooLong};
use crate::model::name::InvalidName;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not exist.
    #[error("There is no {what} {}.", quoted(name))]
    NotFound {
        /// What it is, such as `site`.
        what: &'static str,
        /// Its name or number, as the caller gave it.
        name: String,
    },
    /// The name is taken.
    #[error("The {what} {} exists already. Choose another name or number.", quoted(name))]
    Duplicate {
        /// What it is, such as `site`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A value cannot be kept.
    #[error("{0}")]
    Invalid(String),
    /// Another record still needs it.
    #[error("The {what} {} is still in use: {by}.", quoted(name))]
    InUse {
        /// What it is, such as `site`.
        what: &'static str,
        /// Its name.
        name: String,
        /// The records that need it, in words.
        by: String,
    },
    /// No administrator would be left.
    #[error("{} is the last active administrator. Make another user an administrator first.", quoted(.0))]
    LastAdministrator(String),
    /// Another transaction changed it at the same moment, or since the caller read it.
    #[error("{0}")]
    Conflict(String),
    /// The address of the store is not valid.
    #[error("{0}")]
    Address(String),
    /// The store's tables could not be made or upgraded.
    #[error("The store's tables could not be made ready: {}", said(.0, Trouble::of_migration(.0)))]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// An error of the database.
    #[error("The database failed: {}", said(&in_words(.0), Trouble::of(.0)))]
    Database(#[source] sqlx::Error),
    /// The database stopped a statement that only reads, at its time limit.
    #[error(
        "The store took longer than {} seconds to read, and was stopped. Ask for less at once, such as a shorter time or a \
         smaller page.",
        READING.as_secs()
    )]
    TooLong,
    /// Other calls use all that there is of a resource now.
    #[error("{0} Try again later.")]
    Busy(&'static str),
    /// The answer would be larger than the limit.
    #[error(
        "The answer would have more than {} MiB. Ask for smaller pages, or for fewer fields.",
        MOST_ANSWER_BYTES / (1024 * 1024)
    )]
    TooLarge,
    /// The key's quota of answers kept under Idempotency-Keys is used up.
    #[error(
        "The host keeps {answers} answers of {bytes} bytes for Idempotency-Keys of this key, which is the most. Nothing was \
         done. Each answer is kept for a limited time: call again later, or without an Idempotency-Key."
    )]
    AnswersFull {
        /// The number of answers that are kept.
        answers: i64,
        /// Their bytes.
        bytes: i64,
    },
    /// The connection broke while changes were being committed. All of them are made, or none.
    #[error("The connection to the database broke during a commit. Whether the change was made is unknown: {}", said(&in_words(.0), Trouble::of(.0)))]
    Uncertain(sqlx::Error),
    /// The store's file was deleted, moved or replaced while it was open.
    #[error(
        "The store's file {0} is missing or was replaced, so nothing is written. Put back the file that \
         was there. To replace it by a backup, stop the host and run `footprint restore FILE`."
    )]
    FileGone(String),
    /// The write-ahead log beside the store's file was written for another file.
    #[error(
        "The file {0}-wal is not the log of {0}: another file was put in the place of the store's file, and the log stayed. \
         Nothing was changed. To restore a backup, run `footprint restore FILE`, which removes the log. To use {0} as it is, \
         delete {0}-wal and {0}-shm; changes that only the log holds are lost then."
    )]
    ForeignLog(String),
    /// The lock file is missing, and a write-ahead log is beside the store's file.
    #[error(
        "The file {0}-lock is missing. Without it the host cannot tell whether {0}-wal is the log of {0}. Nothing was changed. \
         If {0} is a backup that was put there, run `footprint restore FILE` with the backup. If only {0}-lock was deleted, \
         create it as an empty file and try again."
    )]
    UnknownLog(String),
    /// Another process has the store's file open, or restores it.
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
    /// A row holds a value that this version cannot read.
    #[error("The store holds a value that this version cannot read: {0}")]
    Unreadable(String),
}

impl From<NotBase64> for StoreError {
    fn from(error: NotBase64) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
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

/// Whether the database stopped the statement at its time limit.
fn is_stopped(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(inner) = error else { return false };
    let code = inner.code();
    match inner.try_downcast_ref::<SqliteError>() {
        // SQLITE_INTERRUPT and query_canceled.
        Some(_) => code.as_deref() == Some("9"),
        None => code.as_deref() == Some("57014"),
    }
}

impl From<InvalidName> for StoreError {
    fn from(error: InvalidName) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<TextTooLong> for StoreError {
    fn from(error: TextTooLong) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl StoreError {
    /// The failure of the database, if the error is about one. Later the database may work again.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Database(error) | Self::Uncertain(error) => Trouble::of(error),
            Self::Migration(error) => Trouble::of_migration(error),
            Self::FileGone(_) => Some(Trouble::Gone),
            _ => None,
        }
    }

    /// `Duplicate`, if the database refused a second row of the same name; otherwise the error itself.
    #[must_use]
    pub fn or_duplicate(error: sqlx::Error, what: &'static str, name: &str) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                Self::Duplicate { what, name: name.to_owned() }
            }
            _ => error.into(),
        }
    }

    /// The store is closed or closing.
    pub fn closed() -> Self {
        Self::Database(sqlx::Error::PoolClosed)
    }

    /// The store did not answer in time.
    pub fn no_answer() -> Self {
        Self::Database(sqlx::Error::PoolTimedOut)
    }

    /// Whether the transaction lost against another one, so that a retry may succeed.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        // PostgreSQL: serialization_failure and deadlock_detected.
        matches!(self, Self::Database(sqlx::Error::Database(inner))
            if matches!(inner.code().as_deref(), Some("40001" | "40P01")))
    }

    /// The error for a `what` of this name that does not exist.
    #[must_use]
    pub fn not_found(what: &'static str, name: impl Into<String>) -> Self {
        Self::NotFound { what, name: name.into() }
    }
}

/// The error as a sentence, with the cure.
fn said(error: &dyn std::fmt::Display, trouble: Option<Trouble>) -> String {
    let said = sentence(&error.to_string());
    trouble.map_or_else(|| said.clone(), |trouble| format!("{said} {}", trouble.advice()))
}

/// The database's own message. sqlx adds the line of PostgreSQL's source to it.
fn in_words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(inner) if inner.try_downcast_ref::<PgDatabaseError>().is_some() => {
            inner.message().to_owned()
        }
        error => error.to_string(),
    }
}

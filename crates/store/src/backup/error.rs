//! Why a backup was not made or not restored.

use std::io;
use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::model::SchemaVersion;

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store failed, or is in use.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read or written.
    #[error("The file {} cannot be {verb}: {error}.", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        verb: &'static str,
        /// The operating system's error.
        error: io::Error,
    },
    /// The target file exists already.
    #[error("The file {} exists already. Name another one.", .0.display())]
    Exists(PathBuf),
    /// The file is not a backup of a store.
    #[error("The file {} is not a backup of this kind of store: {problem}.", path.display())]
    NoBackup {
        /// The file.
        path: PathBuf,
        /// The fault that was found.
        problem: String,
    },
    /// The backup was made by a later version.
    #[error(
        "The backup was made by a later version of footprint: its tables have version {schema}, and this version knows them \
         up to {known}. Restore it with that version or a later one."
    )]
    Newer {
        /// The version of the backup's tables.
        schema: SchemaVersion,
        /// The newest version of tables that this host knows.
        known: SchemaVersion,
    },
    /// A program that makes or restores backups is not installed.
    #[error(
        "The program {0} is not installed. Install Debian's package postgresql-client, in the version of the PostgreSQL \
         server or a later one."
    )]
    NoProgram(&'static str),
    /// A program that makes or restores backups failed.
    #[error("The program {program} failed: {said}")]
    Program {
        /// Its name, such as `pg_dump`.
        program: &'static str,
        /// What it wrote to standard error.
        said: String,
    },
    /// Other programs use the database.
    #[error(
        "The database is in use by {0}. Stop all hosts and other programs that use it, and try again: a restored store takes \
         the place of what they see."
    )]
    InUse(String),
}

impl BackupError {
    pub(super) fn read(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), verb: "read", error }
    }

    pub(super) fn written(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), verb: "written", error }
    }
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

//! Failures of the database itself, by cause, with advice for the administrator.

use sqlx::migrate::MigrateError;
use sqlx_postgres::PgDatabaseError;
use sqlx_sqlite::SqliteError;

/// A failure of the database. It does not depend on the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The disk is full.
    Full,
    /// The disk fails.
    Disk,
    /// The database can be read but not changed.
    ReadOnly,
    /// Another program holds a lock for too long.
    Held,
    /// The database is missing or does not answer.
    Gone,
    /// The server answers, and does not let the host in.
    Refused,
    /// The file is not a database, or is damaged.
    Damaged,
}

impl Trouble {
    /// The cure, in sentences.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Full => {
                "The disk under the store is full. Make room on it. Committed data are safe, and the host recovers without a restart."
            }
            Self::Disk => {
                "The disk under the store cannot be read or written: it is full, beyond a quota or a limit on the size of \
                 files, or broken. Look at its room and at the system's log."
            }
            Self::ReadOnly => {
                "The store can be read but not changed. Check the permissions of the file and its folder and how the disk is \
                 mounted, or, on PostgreSQL, whether the server is a standby."
            }
            Self::Held => {
                "Another program holds a lock on the store for too long. Find it, such as a database shell or a \
                 backup with a transaction open, and end it."
            }
            Self::Gone => {
                "The store does not answer. Check that its file or its server is where the settings say, that the server \
                 runs and can be reached, and that it accepts the host's user."
            }
            Self::Refused => {
                "The server answers, but does not let the host in. Check the database, the user and the password in the \
                 store's address."
            }
            Self::Damaged => {
                "The store is damaged, or is not a database. Keep a copy of its file as it is, and restore the last good backup \
                 with `footprint restore FILE`."
            }
        }
    }

    pub(super) fn of(error: &sqlx::Error) -> Option<Self> {
        match error {
            sqlx::Error::Database(inner) => {
                let code = inner.code().unwrap_or_default();
                if inner.try_downcast_ref::<SqliteError>().is_some() {
                    Self::of_sqlite(code.parse().ok()?)
                } else if inner.try_downcast_ref::<PgDatabaseError>().is_some() {
                    Self::of_postgres(&code)
                } else {
                    None
                }
            }
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => {
                Some(Self::Gone)
            }
            _ => None,
        }
    }

    pub(super) fn of_migration(error: &MigrateError) -> Option<Self> {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Self::of(error),
            _ => None,
        }
    }

    /// By the codes of <https://sqlite.org/rescode.html>. The lowest byte is the primary code.
    fn of_sqlite(code: i32) -> Option<Self> {
        match code & 0xff {
            5 | 6 => Some(Self::Held),
            8 => Some(Self::ReadOnly),
            10 => Some(Self::Disk),
            11 | 26 => Some(Self::Damaged),
            13 => Some(Self::Full),
            14 => Some(Self::Gone),
            _ => None,
        }
    }

    /// By the codes of <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    fn of_postgres(code: &str) -> Option<Self> {
        match code {
            "53100" => Some(Self::Full),
            "58030" => Some(Self::Disk),
            "25006" => Some(Self::ReadOnly),
            "55P03" => Some(Self::Held),
            "53300" | "25P03" => Some(Self::Gone),
            "3D000" => Some(Self::Refused),
            "XX001" | "XX002" => Some(Self::Damaged),
            _ if code.starts_with("28") => Some(Self::Refused),
            // Operator intervention without a cancelled statement; lost connections.
            _ if code != "57014" && ["57", "08"].iter().any(|class| code.starts_with(class)) => Some(Self::Gone),
            _ => None,
        }
    }
}

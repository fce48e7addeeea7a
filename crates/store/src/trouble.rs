//! What keeps the database from working, as far as it says so, and what its keeper can do about it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use super::file_lock::FileLock;
use super::{Store, StoreError};

/// After so long a trouble that lasts is told to the log again.
const REMINDER: Duration = Duration::from_secs(60);

/// What keeps the database from working: none of it is about what was asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// There is no room on the disk.
    Full,
    /// The disk does not do what it is told to.
    Disk,
    /// It may be read and not changed.
    ReadOnly,
    /// Somebody else holds it for too long.
    Held,
    /// It is not there, or does not answer.
    Gone,
    /// What is there is no database, or a broken one.
    Damaged,
}

impl Trouble {
    /// What to do about it, in sentences.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Full => {
                "The disk under the store is full. Make room on it; what was kept is safe, and the host goes on by itself."
            }
            Self::Disk => {
                "The disk under the store cannot be read or written: it is full, beyond a quota or a limit on the size of \
                 files, or broken. Look at its room and at the system's log."
            }
            Self::ReadOnly => {
                "The store may be read and not changed. Check who may write the file and its folder and how the disk is \
                 mounted, or, on PostgreSQL, whether the server is a standby."
            }
            Self::Held => {
                "Another program holds the store for longer than is waited for. Find it, such as a database shell or a \
                 backup with a transaction open, and end it."
            }
            Self::Gone => {
                "The store does not answer. Check that its file or its server is where the settings say, that the server \
                 runs and can be reached, and that it lets the host's user in."
            }
            Self::Damaged => {
                "The store is damaged, or is no database. Keep a copy of its file as it is, and restore the last good backup \
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

    /// By the codes of <https://sqlite.org/rescode.html>, whose lowest byte says what it is about.
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
            "53300" | "25P03" | "3D000" => Some(Self::Gone),
            "XX001" | "XX002" => Some(Self::Damaged),
            // Operator intervention without a cancelled statement; lost connections; who may come in.
            _ if code != "57014" && ["57", "08", "28"].iter().any(|class| code.starts_with(class)) => Some(Self::Gone),
            _ => None,
        }
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
}

/// So long after it failed a store counts as failing, whatever is written meanwhile: a disk that has no room for much may
/// have some for little.
const LASTS: Duration = Duration::from_secs(3);

/// Whether the database works, as was last noticed.
#[derive(Debug, Default)]
pub(super) struct Condition {
    failing: Mutex<Option<Failing>>,
    /// The path of the store's file, and which file was there when it was opened.
    file: Option<(PathBuf, FileId)>,
    /// Held until the store is closed.
    lock: Mutex<Option<FileLock>>,
}

/// Which file it is on its machine, whatever its path.
type FileId = (u64, u64);

impl Condition {
    pub(super) fn of_file(path: &Path, lock: Option<FileLock>) -> Self {
        let file = id_of(path).map(|id| (path.to_owned(), id));
        Self { failing: Mutex::default(), file, lock: Mutex::new(lock) }
    }

    /// Tells other processes that this one has the store's file open no more.
    pub(super) fn unlock(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// What is written to a file that somebody deleted or replaced is lost in the end, and SQLite does not notice.
    ///
    /// # Errors
    /// [`StoreError::FileGone`] when the file is another one than was opened, or none; once it is back, all is well.
    pub(super) fn check_file(&self) -> Result<(), StoreError> {
        match &self.file {
            Some((path, opened)) if id_of(path) != Some(*opened) => {
                Err(StoreError::FileGone(path.display().to_string()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(unix)]
fn id_of(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// An open file can be neither deleted nor replaced there.
#[cfg(not(unix))]
fn id_of(_: &Path) -> Option<FileId> {
    None
}

#[derive(Debug)]
struct Failing {
    since: Instant,
    last: Instant,
    trouble: Trouble,
    /// When each trouble was last told: a disk without room causes several, by turns.
    told: HashMap<Trouble, Instant>,
    /// How often since one was told.
    times: u64,
}

impl Failing {
    fn new(trouble: Trouble, now: Instant) -> Self {
        Self { since: now, last: now, trouble, told: HashMap::from([(trouble, now)]), times: 0 }
    }

    /// Notes that it failed again; if that is to be told, how often it did since something was.
    fn again(&mut self, trouble: Trouble, now: Instant) -> Option<u64> {
        (self.last, self.trouble, self.times) = (now, trouble, self.times + 1);
        if self.told.get(&trouble).is_some_and(|told| now.duration_since(*told) < REMINDER) {
            return None;
        }
        self.told.insert(trouble, now);
        Some(std::mem::take(&mut self.times))
    }
}

impl Store {
    /// Notes that the database kept something from being done, and tells the log: each kind at
    /// once, and while it lasts once a minute, however many calls it fails. Whether `error` is of that kind; if not, nothing is noted.
    pub fn note(&self, error: &StoreError) -> bool {
        let Some(trouble) = error.trouble() else { return false };
        let now = Instant::now();
        let mut failing = self.condition.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *failing {
            Some(known) => {
                if let Some(times) = known.again(trouble, now) {
                    let seconds = now.duration_since(known.since).as_secs();
                    tracing::error!(seconds, times, "The store still fails. {error}");
                }
            }
            None => {
                tracing::error!("{error}");
                *failing = Some(Failing::new(trouble, now));
            }
        }
        true
    }

    /// Notes that something was written.
    pub fn note_written(&self) {
        let mut failing = self.condition.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = failing.take_if(|failing| failing.last.elapsed() >= LASTS) {
            tracing::warn!(seconds = failed.since.elapsed().as_secs(), "The store works again.");
        }
    }

    /// What keeps the database from working; where that was noted a while ago, it is tried whether it still does.
    pub async fn failing(&self) -> Option<Trouble> {
        let noted = || {
            let failing = self.condition.failing.lock().unwrap_or_else(PoisonError::into_inner);
            failing.as_ref().map(|failing| (failing.trouble, failing.last.elapsed() >= LASTS))
        };
        if let (_, true) = noted()? {
            match self.write_something().await {
                Ok(()) => self.note_written(),
                Err(error) => drop(self.note(&error)),
            }
        }
        noted().map(|(trouble, _)| trouble)
    }

    async fn write_something(&self) -> Result<(), StoreError> {
        let mut transaction = self.transaction().await?;
        transaction.records().write_something().await?;
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_that_take_turns_are_each_told_once_a_minute() {
        let begun = Instant::now();
        let mut failing = Failing::new(Trouble::Full, begun);
        let told: Vec<_> = (1..=1200)
            .filter_map(|tenth| {
                let trouble = if tenth % 2 == 0 { Trouble::Full } else { Trouble::Disk };
                let told = failing.again(trouble, begun + Duration::from_millis(tenth * 100));
                told.map(|times| (tenth, trouble, times))
            })
            .collect();
        let expected =
            [(1, Trouble::Disk, 1), (600, Trouble::Full, 599), (601, Trouble::Disk, 1), (1200, Trouble::Full, 599)];
        assert_eq!(told, expected);
        assert_eq!((failing.since, failing.trouble), (begun, Trouble::Full));
    }
}

//! Whether the store's database works, and whether its file is still the file that was opened.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::file_lock::FileLock;
use super::{StoreError, Trouble};

/// The host logs a lasting failure again after this time.
const REMINDER: Duration = Duration::from_secs(60);

/// A store counts as failing for 3 s after its last error, even if a small write succeeds: a full disk may still have
/// room for one.
pub(super) const FAILING_LASTS: Duration = Duration::from_secs(3);

/// Whether the database works, as of the last statement.
#[derive(Debug, Default)]
pub(super) struct DatabaseCondition {
    pub(super) failing: Mutex<Option<Failing>>,
    /// The path of the store's file, and the identity of the file that was opened.
    file: Option<(PathBuf, FileId)>,
    /// The lock, until the store is closed.
    lock: Mutex<Option<FileLock>>,
}

/// Device and inode: the identity of a file on its machine, under any path.
type FileId = (u64, u64);

impl DatabaseCondition {
    pub(super) fn of_file(path: &Path, lock: Option<FileLock>) -> Self {
        let file = id_of(path).map(|id| (path.to_owned(), id));
        Self { failing: Mutex::default(), file, lock: Mutex::new(lock) }
    }

    /// Releases the lock: other processes see that this process has closed the store's file.
    pub(super) fn unlock(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Checks that the file at the path is still the open one. Writes to a file that was deleted or replaced would be
    /// lost, and SQLite does not notice.
    ///
    /// # Errors
    /// [`StoreError::FileGone`] when the file is missing or another one. If the file comes back, the store works again.
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

/// On this system an open file cannot be deleted or replaced.
#[cfg(not(unix))]
fn id_of(_: &Path) -> Option<FileId> {
    None
}

/// A failing store: since when, why, and which failures were logged.
#[derive(Debug)]
pub(super) struct Failing {
    pub(super) since: Instant,
    pub(super) last: Instant,
    pub(super) trouble: Trouble,
    /// When each kind of failure was last logged. A full disk causes several kinds by turns.
    told: HashMap<Trouble, Instant>,
    /// The number of failures since one was logged.
    times: u64,
}

impl Failing {
    pub(super) fn new(trouble: Trouble, now: Instant) -> Self {
        Self { since: now, last: now, trouble, told: HashMap::from([(trouble, now)]), times: 0 }
    }

    /// Counts a failure. If it is to be logged, returns the number of failures since the last log line.
    pub(super) fn again(&mut self, trouble: Trouble, now: Instant) -> Option<u64> {
        (self.last, self.trouble, self.times) = (now, trouble, self.times + 1);
        if self.told.get(&trouble).is_some_and(|told| now.duration_since(*told) < REMINDER) {
            return None;
        }
        self.told.insert(trouble, now);
        Some(std::mem::take(&mut self.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_alternate_are_each_logged_once_a_minute() {
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

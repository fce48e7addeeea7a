//! The lock file beside an SQLite file. It shows which processes have the store open, and which write-ahead log belongs
//! to the file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{AnyConnection, AssertSqlSafe, Executor as _};
use tokio::time::Instant;

use super::StoreError;
use super::generation::{FileGeneration, FileIdentity, beside, checkpoint, log_beside, new_number, number_in};

/// The pause between two checks whether another process has released the lock.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// SQLite's log shrinks to this length in bytes after a peak, once it was written into the database file.
pub(super) const LARGEST_LOG: u32 = 4 * 1024 * 1024;

/// The lock on a store's file. Dropping it releases the lock.
#[derive(Debug)]
pub(super) struct FileLock {
    path: PathBuf,
    lock: File,
    /// Whether no other process has the store open.
    pub(super) is_exclusive: bool,
}

impl FileLock {
    /// Takes the lock of the file at `path`: exclusively if no other process has the store open, otherwise shared.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process restores the store for longer than `wait`; [`StoreError::ForeignLog`]
    /// when the file beside it is the log of another file; [`StoreError::UnknownLog`] when a log is there and the lock
    /// file is missing.
    pub(super) async fn take(path: &Path, wait: Duration) -> Result<Self, StoreError> {
        must_know_log(path)?;
        let lock = lock_file(path)?;
        Self::of(path, lock, wait).await
    }

    /// The same if a lock file exists. No file is created.
    ///
    /// # Errors
    /// As [`FileLock::take`].
    pub(super) async fn take_existing(path: &Path, wait: Duration) -> Result<Option<Self>, StoreError> {
        must_know_log(path)?;
        match File::open(beside(path, "-lock")) {
            Ok(lock) => Ok(Some(Self::of(path, lock, wait).await?.shared(wait).await?)),
            Err(_) => Ok(None),
        }
    }

    /// Takes the lock exclusively.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has the store open.
    pub(super) fn take_alone(path: &Path) -> Result<Self, StoreError> {
        let lock = lock_file(path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock, is_exclusive: true }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.display().to_string())),
            Err(TryLockError::Error(error)) => Err(sqlx::Error::Io(error).into()),
        }
    }

    /// Forgets which log belonged to the file: the file was replaced, and has no log.
    pub(super) fn forget_generation(&self) -> io::Result<()> {
        self.note(None)
    }

    async fn of(path: &Path, lock: File, wait: Duration) -> Result<Self, StoreError> {
        let mut taken = Self { path: path.to_owned(), lock, is_exclusive: true };
        let begun = Instant::now();
        loop {
            match taken.lock.try_lock() {
                Ok(()) => {
                    taken.check_log()?;
                    return Ok(taken);
                }
                // The file system has no locks, so other processes cannot be noticed.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { is_exclusive: false, ..taken });
                }
                Err(TryLockError::Error(error)) => return Err(sqlx::Error::Io(error).into()),
                Err(TryLockError::WouldBlock) => {}
            }
            if taken.lock.try_lock_shared().is_ok() {
                taken.is_exclusive = false;
                return Ok(taken);
            }
            if begun.elapsed() >= wait {
                return Err(StoreError::Locked(path.display().to_string()));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Turns the lock into a shared one.
    ///
    /// # Errors
    /// As [`FileLock::take`].
    pub(super) async fn shared(mut self, wait: Duration) -> Result<Self, StoreError> {
        if !self.is_exclusive {
            return Ok(self);
        }
        self.lock.unlock().map_err(sqlx::Error::Io)?;
        self.is_exclusive = false;
        let begun = Instant::now();
        while self.lock.try_lock_shared().is_err() {
            if begun.elapsed() >= wait {
                return Err(StoreError::Locked(self.path.display().to_string()));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(self)
    }

    /// Checks that the log beside the file belongs to it. Only the holder of an exclusive lock may ask, since other
    /// processes change the log.
    fn check_log(&self) -> Result<(), StoreError> {
        let Some(log) = log_beside(&self.path) else { return Ok(()) };
        let (Some(known), Some(number)) = (self.generation(), number_in(&self.path)) else { return Ok(()) };
        // A folder that was copied as a whole has other files, and its log belongs to the copied file.
        let is_same_log = known.log.is_some() && known.log == FileIdentity::of(&log);
        let is_replaced = is_same_log && known.file != FileIdentity::of(&self.path);
        if known.number == number && !is_replaced {
            return Ok(());
        }
        Err(StoreError::ForeignLog(self.path.display().to_string()))
    }

    fn generation(&self) -> Option<FileGeneration> {
        let mut text = Vec::new();
        let mut lock = &self.lock;
        lock.rewind().ok()?;
        lock.read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Begins a new generation, with an empty log, if no other process has the store open.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(super) async fn begin_generation(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        if !self.is_exclusive {
            return Ok(());
        }
        // The lock file's content is wrong until the number is written.
        self.note(None).map_err(sqlx::Error::Io)?;
        let number = new_number();
        let is_empty = checkpoint(connection).await?;
        connection.execute(AssertSqlSafe(format!("PRAGMA user_version = {number}"))).await?;
        // A program that does not take the lock may have the file open, such as a database shell. Then no generation is
        // recorded.
        if is_empty && checkpoint(connection).await? {
            let (file, log) = (FileIdentity::of(&self.path), FileIdentity::of(&beside(&self.path, "-wal")));
            self.note(Some(FileGeneration { number, file, log })).map_err(sqlx::Error::Io)?;
        }
        Ok(())
    }

    fn note(&self, generation: Option<FileGeneration>) -> io::Result<()> {
        let text = generation.map(|generation| serde_json::to_vec(&generation)).transpose()?.unwrap_or_default();
        let mut lock = &self.lock;
        lock.set_len(0)?;
        lock.rewind()?;
        lock.write_all(&text)?;
        lock.sync_data()
    }
}

/// The lock file, which is created if it does not exist.
fn lock_file(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(options.open(beside(path, "-lock")).map_err(sqlx::Error::Io)?)
}

/// Refuses a file with a log and without a lock file, which was deleted. Earlier versions wrote no lock file, and no
/// number into the database file.
fn must_know_log(path: &Path) -> Result<(), StoreError> {
    let is_unknown = !beside(path, "-lock").exists()
        && log_beside(path).is_some()
        && number_in(path).is_some_and(|number| number != 0);
    if is_unknown { Err(StoreError::UnknownLog(path.display().to_string())) } else { Ok(()) }
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use std::fs;

    use sqlx::Connection as _;

    use super::*;
    use crate::Store;

    async fn fill(store: &Store, rows: u32) {
        let mut transaction = store.transaction().await.unwrap();
        let mut records = transaction.records();
        let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
                   INSERT INTO filler (text) SELECT hex(zeroblob(2048)) FROM n";
        sqlx::query("CREATE TABLE IF NOT EXISTS filler (text TEXT)").execute(&mut *records.connection).await.unwrap();
        sqlx::query(sql).bind(i64::from(rows)).execute(&mut *records.connection).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn count(store: &Store) -> i64 {
        let mut reader = store.reader().await.unwrap();
        let mut records = reader.records();
        let query = sqlx::query_scalar("SELECT COUNT(*) FROM filler");
        query.fetch_one(&mut *records.connection).await.unwrap()
    }

    fn copy(from: &Path, to: &Path, endings: &[&str]) {
        for ending in endings {
            fs::copy(beside(from, ending), beside(to, ending)).unwrap();
        }
    }

    async fn open(path: &Path) -> Result<Store, StoreError> {
        Store::open_existing(&path.display().to_string()).await
    }

    #[tokio::test]
    async fn the_log_of_a_killed_host_is_used_with_its_own_file_and_refused_with_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.db");
        let store = Store::open(&path.display().to_string()).await.unwrap();
        fill(&store, 10).await;
        store.close().await;
        assert!(!beside(&path, "-wal").exists());
        let backup = folder.path().join("backup.db");
        fs::copy(&path, &backup).unwrap();
        let store = open(&path).await.unwrap();
        fill(&store, 5).await;
        // The content of the folder if the host is killed now.
        let killed = folder.path().join("killed.db");
        copy(&path, &killed, &["", "-wal", "-lock"]);
        let replaced = folder.path().join("replaced.db");
        copy(&path, &replaced, &["-wal", "-lock"]);
        fs::copy(&backup, &replaced).unwrap();
        store.close().await;

        let store = open(&killed).await.unwrap();
        assert_eq!(count(&store).await, 15);
        store.close().await;
        let before = fs::read(&replaced).unwrap();
        for refused in [
            open(&replaced).await.unwrap_err(),
            Store::open_read_only(&replaced.display().to_string()).await.unwrap_err(),
        ] {
            assert!(matches!(refused, StoreError::ForeignLog(_)), "{refused:?}");
            let text = refused.to_string();
            assert!(text.contains("replaced.db-wal") && text.contains("footprint restore FILE"), "{text}");
        }
        assert_eq!(fs::read(&replaced).unwrap(), before);
        // The cure that the error names.
        fs::remove_file(beside(&replaced, "-wal")).unwrap();
        let store = open(&replaced).await.unwrap();
        assert_eq!(count(&store).await, 10);
        store.close().await;
    }

    #[tokio::test]
    async fn a_log_without_a_lock_file_is_refused_until_the_lock_file_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.db");
        let store = Store::open(&path.display().to_string()).await.unwrap();
        fill(&store, 5).await;
        // The content of the folder if the host is killed now, without the lock file.
        let killed = folder.path().join("killed.db");
        copy(&path, &killed, &["", "-wal"]);
        store.close().await;
        let before = (fs::read(&killed).unwrap(), fs::read(beside(&killed, "-wal")).unwrap());
        for refused in
            [open(&killed).await.unwrap_err(), Store::open_read_only(&killed.display().to_string()).await.unwrap_err()]
        {
            assert!(matches!(refused, StoreError::UnknownLog(_)), "{refused:?}");
        }
        assert_eq!((fs::read(&killed).unwrap(), fs::read(beside(&killed, "-wal")).unwrap()), before);
        // The cure that the error names.
        fs::write(beside(&killed, "-lock"), "").unwrap();
        assert_eq!(count(&open(&killed).await.unwrap()).await, 5);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_copy_of_the_same_generation_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.db");
        let store = Store::open(&path.display().to_string()).await.unwrap();
        fill(&store, 5).await;
        // The kernel releases the lock of a killed host.
        store.condition.unlock();
        let other = folder.path().join("other.db");
        fs::copy(&path, &other).unwrap();
        fs::rename(&other, &path).unwrap();
        let refused = FileLock::take(&path, Duration::ZERO).await;
        assert!(matches!(refused, Err(StoreError::ForeignLog(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn an_open_store_cannot_be_locked_exclusively() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.db");
        let one = Store::open(&path.display().to_string()).await.unwrap();
        let other = open(&path).await.unwrap();
        fill(&one, 1).await;
        fill(&other, 1).await;
        one.close().await;
        assert!(matches!(FileLock::take_alone(&path), Err(StoreError::Locked(_))));
        other.close().await;
        // A process that another test is starting has the closed file open until it runs its program.
        let taken = async {
            loop {
                match FileLock::take_alone(&path) {
                    Err(StoreError::Locked(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
                    taken => break taken.unwrap(),
                }
            }
        };
        let alone = tokio::time::timeout(Duration::from_secs(10), taken).await.unwrap();
        let waiting = FileLock::take(&path, Duration::ZERO).await;
        assert!(matches!(waiting, Err(StoreError::Locked(_))), "{waiting:?}");
        drop(alone);
        assert_eq!(count(&open(&path).await.unwrap()).await, 2);
    }

    #[tokio::test]
    async fn the_log_shrinks_again_after_a_peak() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.db");
        let store = Store::open(&path.display().to_string()).await.unwrap();
        fill(&store, 1).await;
        let log = || fs::metadata(beside(&path, "-wal")).unwrap().len();
        // A reader under way keeps the log from being written into the file.
        let mut reader = sqlx_sqlite::SqliteConnection::connect(&path.display().to_string()).await.unwrap();
        reader.execute("BEGIN; SELECT COUNT(*) FROM filler").await.unwrap();
        for _ in 0..10 {
            fill(&store, 500).await;
        }
        assert!(log() > 4 * u64::from(LARGEST_LOG), "{}", log());
        reader.execute("COMMIT").await.unwrap();
        // A host writes a sign of life every few seconds.
        for _ in 0..3 {
            fill(&store, 1).await;
        }
        assert!(log() <= u64::from(LARGEST_LOG), "{}", log());
        store.close().await;
    }
}

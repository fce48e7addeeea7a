//! Backups of an SQLite file.
//!
//! `VACUUM INTO` writes the file as of one moment, while other processes write. The online backup API would start again
//! with each page that another process changes, so it might never end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use sqlx_sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};

use super::{Backup, BackupError, NewEpoch, Restored, SQLITE_MIGRATIONS, begin_epoch, check_schema};
use crate::file_lock::FileLock;
use crate::generation::{beside, new_number};
use crate::model::{AuditEntry, SchemaVersion};

/// The first bytes of every SQLite file.
const HEAD: &[u8] = b"SQLite format 3\0";

/// How long a statement waits for a lock of another process.
const BUSY: Duration = Duration::from_secs(30);

pub(super) async fn back_up(store: &Path, file: &Path) -> Result<Backup, BackupError> {
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let part = beside(file, ".part");
    let made = write(store, &part).await;
    if made.is_err() {
        remove(&part);
    }
    let made = made?;
    // A hard link fails if the file appeared meanwhile. A rename would replace it.
    let named = fs::hard_link(&part, file).and_then(|()| fs::remove_file(&part)).or_else(|error| match error.kind() {
        ErrorKind::AlreadyExists => Err(error),
        // The file system has no hard links.
        _ => fs::rename(&part, file),
    });
    named.and_then(|()| sync_folder_of(file)).map_err(BackupError::written(file))?;
    Ok(made)
}

async fn write(store: &Path, part: &Path) -> Result<Backup, BackupError> {
    remove(part);
    drop(owned_file(part).map_err(BackupError::written(part))?);
    let options = SqliteConnectOptions::new().filename(store).read_only(true).busy_timeout(BUSY);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let into = sqlx::query("VACUUM INTO $1").bind(part.display().to_string());
    let written = into.execute(&mut connection).await;
    connection.close().await?;
    written?;
    let mut copy = SqliteConnection::connect_with(&alone(part)).await?;
    check(&mut copy, part).await?;
    let schema = schema_of(&mut copy, part).await?;
    let keys = sqlx::query_scalar("SELECT id FROM sealing_keys WHERE retired_at IS NULL ORDER BY id");
    let sealing_keys = keys.fetch_all(&mut copy).await?;
    // A file that is restored by hand beside a log of the store has a number of its own, so the host notices that the
    // log is not the file's.
    copy.execute(AssertSqlSafe(format!("PRAGMA user_version = {}", new_number()))).await?;
    copy.close().await?;
    let file = File::open(part).and_then(|file| file.sync_all().map(|()| file));
    let bytes = file.and_then(|file| file.metadata()).map_err(BackupError::written(part))?.len();
    Ok(Backup { bytes, schema, sealing_keys })
}

pub(super) async fn restore(store: &Path, file: &Path, entry: &AuditEntry) -> Result<Restored, BackupError> {
    check_head(file)?;
    let lock = FileLock::take_alone(store)?;
    let copy = beside(store, ".restoring");
    let put_back = prepare(store, file, &copy, entry).await;
    if put_back.is_err() {
        remove_all(&copy);
    }
    let (schema, (epoch, sealing_keys)) = put_back?;
    let replaced = replace(store, &copy).map_err(BackupError::written(store))?;
    remove_all(&copy);
    lock.forget_generation().map_err(BackupError::written(store))?;
    let replaced = replaced.map(|path| path.display().to_string());
    Ok(Restored { schema, sealing_keys, replaced, epoch })
}

/// Makes a store of the backup, beside the store that it is to replace.
async fn prepare(
    store: &Path,
    file: &Path,
    copy: &Path,
    entry: &AuditEntry,
) -> Result<(SchemaVersion, (NewEpoch, Vec<String>)), BackupError> {
    remove_all(copy);
    copy_file(file, copy)?;
    // A copy of a store that was not closed has a log of its own. A log at the store's own place belongs to another
    // file.
    let log = beside(file, "-wal");
    if log.exists() && fs::canonicalize(file).ok() != fs::canonicalize(store).ok() {
        copy_file(&log, &beside(copy, "-wal"))?;
    }
    let mut connection = SqliteConnection::connect_with(&alone(copy)).await.map_err(|error| no_backup(file, &error))?;
    check(&mut connection, file).await?;
    let schema = schema_of(&mut connection, file).await?;
    connection.close().await?;
    check_schema(schema, &SQLITE_MIGRATIONS)?;
    let begun = begin_epoch(&copy.display().to_string(), entry).await?;
    File::open(copy).and_then(|file| file.sync_all()).map_err(BackupError::written(copy))?;
    Ok((schema, begun))
}

/// Moves `copy` to the store's place. The old file and its log get another name.
fn replace(store: &Path, copy: &Path) -> io::Result<Option<PathBuf>> {
    let aside = beside(store, ".before-restore");
    let replaced = store.exists().then(|| aside.clone());
    // The file comes first: a log without its file is refused, a file without its log is not.
    for ending in ["", "-wal"] {
        let (from, to) = (beside(store, ending), beside(&aside, ending));
        remove(&to);
        if from.exists() {
            fs::rename(from, to)?;
        }
    }
    remove(&beside(store, "-shm"));
    sync_folder_of(store)?;
    fs::rename(copy, store)?;
    sync_folder_of(store)?;
    Ok(replaced)
}

/// Options for a file that no other process uses. When it is closed it has no log.
fn alone(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).journal_mode(SqliteJournalMode::Delete).busy_timeout(BUSY)
}

fn check_head(file: &Path) -> Result<(), BackupError> {
    let mut head = [0; HEAD.len()];
    let mut opened = File::open(file).map_err(BackupError::read(file))?;
    match opened.read_exact(&mut head) {
        Ok(()) if head == HEAD => Ok(()),
        Ok(()) => Err(no_backup(file, &"it is not an SQLite file")),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(no_backup(file, &"it is not an SQLite file")),
        Err(error) => Err(BackupError::read(file)(error)),
    }
}

/// Refuses a damaged file.
async fn check(connection: &mut SqliteConnection, file: &Path) -> Result<(), BackupError> {
    let problems = sqlx::query_scalar::<_, String>("PRAGMA integrity_check(3)").fetch_all(&mut *connection).await;
    let problems = problems.map_err(|error| no_backup(file, &error))?;
    if problems != ["ok"] {
        return Err(no_backup(file, &format!("it is damaged ({})", problems.join("; "))));
    }
    let loose = sqlx::query("PRAGMA foreign_key_check").fetch_all(connection).await;
    match loose.map_err(|error| no_backup(file, &error))?.len() {
        0 => Ok(()),
        rows => Err(no_backup(file, &format!("{rows} of its rows refer to rows that are not there"))),
    }
}

/// The version of a file's tables.
async fn schema_of(connection: &mut SqliteConnection, file: &Path) -> Result<SchemaVersion, BackupError> {
    let version = sqlx::query_scalar::<_, Option<i64>>("SELECT MAX(version) FROM _sqlx_migrations");
    let version = version.fetch_one(connection).await.map_err(|error| no_backup(file, &error))?;
    version.map(SchemaVersion).ok_or_else(|| no_backup(file, &"it has no tables"))
}

fn no_backup(path: &Path, problem: &dyn std::fmt::Display) -> BackupError {
    BackupError::NoBackup { path: path.to_owned(), problem: problem.to_string() }
}

/// A new file that only its owner may read.
fn owned_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn copy_file(from: &Path, to: &Path) -> Result<(), BackupError> {
    let mut source = File::open(from).map_err(BackupError::read(from))?;
    let mut target = owned_file(to).map_err(BackupError::written(to))?;
    io::copy(&mut source, &mut target).and_then(|_| target.sync_all()).map_err(BackupError::written(to))
}

/// Removes a file, if it exists.
fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::debug!(path = %path.display(), %error, "a file could not be removed");
    }
}

/// Removes a database file, its log and its shared memory.
fn remove_all(path: &Path) {
    for ending in ["", "-wal", "-shm", "-journal", "-lock"] {
        remove(&beside(path, ending));
    }
}

/// Makes the entries of a file's folder durable.
fn sync_folder_of(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

//! Generations of an SQLite file: which write-ahead log belongs to the file.
//!
//! SQLite takes the file `…-wal` beside a database file for that file's log, whichever database it was written for.
//! This would damage a database file that is restored beside the log of a killed host. So a new generation begins each
//! time that a process opens the store while no other process has it open: the generation's number is written into the
//! database file (`user_version` of its header) and into the lock file. The log of a killed host belongs to the
//! database file if that file still has the number of the lock file.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row as _};

use super::StoreError;

/// Where the header of an SQLite file has `user_version`, a big-endian number (<https://sqlite.org/fileformat2.html>).
const USER_VERSION: std::ops::Range<usize> = 60..64;

/// The path of a file beside the SQLite file, with this ending.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The identity of a file on its machine. It does not depend on the path. It includes the time of birth, since the system
/// reuses numbers of inodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
    born: Option<u64>,
}

impl FileIdentity {
    #[cfg(unix)]
    pub(super) fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs::metadata(path).ok()?;
        let born = metadata.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let born = born.and_then(|since| u64::try_from(since.as_nanos()).ok());
        Some(Self { device: metadata.dev(), inode: metadata.ino(), born })
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Path) -> Option<Self> {
        None
    }
}

/// The content of the lock file: the files beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileGeneration {
    pub(super) number: u32,
    pub(super) file: Option<FileIdentity>,
    pub(super) log: Option<FileIdentity>,
}

/// Writes the whole log into the database file and empties it. Returns whether that was possible.
pub(super) async fn checkpoint(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
    Ok(row.try_get::<i64, _>("busy")? == 0)
}

/// The log beside the file, unless it is empty.
pub(super) fn log_beside(path: &Path) -> Option<PathBuf> {
    let log = beside(path, "-wal");
    fs::metadata(&log).is_ok_and(|metadata| metadata.len() > 0).then_some(log)
}

/// The generation's number in the database file itself, without its log.
pub(super) fn number_in(path: &Path) -> Option<u32> {
    let mut head = [0; USER_VERSION.end];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).ok()?;
    let bytes = head.get(USER_VERSION)?.try_into().ok()?;
    Some(u32::from_be_bytes(bytes))
}

/// A number for a generation. SQLite keeps it as a signed one.
pub(super) fn new_number() -> u32 {
    let random = RandomState::new().build_hasher().finish();
    u32::try_from(random >> 33).unwrap_or(1).max(1)
}

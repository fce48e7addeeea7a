//! The key file: readable only by its owner, created and replaced atomically.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::SealError;

/// The largest key file, in bytes.
const LARGEST: u64 = 64 * 1024;

pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, SealError> {
    let refuse = |problem: String| failed(path, "read", problem);
    let metadata = fs::metadata(path).map_err(|error| refuse(error.to_string()))?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(refuse("it is no key file".to_owned()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(refuse(format!(
                "its mode is {mode:03o}, so other users may read or change it; run chmod 600 on it, and change the \
                 keys if other users had access to the machine"
            )));
        }
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(|error| refuse(error.to_string()))
}

/// Creates the file, unless it exists.
pub(super) fn create(path: &Path, text: &str) -> Result<(), SealError> {
    let refuse = |error: io::Error| {
        failed(
            path,
            "made",
            match error.kind() {
                io::ErrorKind::AlreadyExists => "it exists already; use it, or choose another path".to_owned(),
                _ => error.to_string(),
            },
        )
    };
    let new = write_beside(path, text).map_err(refuse)?;
    // A hard link fails if the file exists, and is atomic.
    let linked = fs::hard_link(&new, path);
    let removed = fs::remove_file(&new);
    linked.and(removed).and_then(|()| settle(path)).map_err(refuse)
}

/// Replaces the content of the file by `text`.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), SealError> {
    let refuse = |error: io::Error| failed(path, "changed", error.to_string());
    let new = write_beside(path, text).map_err(refuse)?;
    fs::rename(&new, path).and_then(|()| settle(path)).map_err(refuse)
}

fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.new", uuid::Uuid::now_v7()));
    let new = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    if written.is_err() {
        // A partly written file is of no use.
        let _ = fs::remove_file(&new);
    }
    written.map(|()| new)
}

/// Syncs the folder's entry to the disk.
fn settle(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn failed(path: &Path, what: &'static str, problem: String) -> SealError {
    SealError::File { path: path.display().to_string(), what, problem: problem.trim_end_matches('.').to_owned() }
}

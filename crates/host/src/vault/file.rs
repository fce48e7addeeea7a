//! Secrets in files of allowed folders.

use std::path::{Component, Path, PathBuf};

use tokio::io::AsyncReadExt as _;

use super::{LARGEST_SECRET, too_long};

const UNREADABLE: &str = "cannot be read: check that the file is there, and that the host may read it.";

/// Checks that the path text is within one of the folders. The file system is not accessed, so that the error does not
/// reveal which files exist.
pub(super) fn allows(folders: &[PathBuf], path: &Path) -> Result<(), String> {
    let is_plain = path.is_absolute() && path.components().all(|part| part != Component::ParentDir);
    if !is_plain {
        return Err("may not be used: write an absolute path without \"..\".".to_owned());
    }
    if folders.iter().any(|folder| path.starts_with(folder) && path != folder) {
        return Ok(());
    }
    Err(match folders {
        [] => "may not be used: the host's settings allow no folders.".to_owned(),
        _ => {
            let list: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
            format!("may not be used: the host's settings allow files in {}.", list.join(", "))
        }
    })
}

/// The file's bytes. A link out of the folders is refused.
pub(super) async fn read(folders: &[PathBuf], path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |_| UNREADABLE.to_owned();
    let real = tokio::fs::canonicalize(path).await.map_err(unreadable)?;
    let mut inside = false;
    for folder in folders {
        inside |= tokio::fs::canonicalize(folder).await.is_ok_and(|folder| real.starts_with(folder));
    }
    if !inside {
        return Err("may not be used: it leads out of the folders that the host's settings allow.".to_owned());
    }
    // Checked before it is opened, since opening a pipe waits for its other end.
    if !tokio::fs::metadata(&real).await.map_err(unreadable)?.is_file() {
        return Err("is no file.".to_owned());
    }
    let file = tokio::fs::File::open(&real).await.map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LARGEST_SECRET as u64 + 1).read_to_end(&mut bytes).await.map_err(unreadable)?;
    if bytes.len() > LARGEST_SECRET { Err(too_long()) } else { Ok(bytes) }
}

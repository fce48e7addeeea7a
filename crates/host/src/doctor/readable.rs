//! Whether a file with a secret is readable for users for whom it is not meant.

use std::path::Path;

/// How to limit who may read a file.
pub(super) const LIMIT_FILE: &str =
    "Run chmod 600 on the file. On a read-only mount, limit its folder or the mount's mode.";

/// The mode of a file that each user of the machine may read, such as `644`: each may enter all its folders too. The file's
/// group may be meant to read it, such as Debian's group `ssl-cert`.
#[cfg(unix)]
pub(super) fn mode_for_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode_of = |path: &Path| Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o777);
    let path = path.canonicalize().ok()?;
    let mode = mode_of(&path)?;
    let may_enter = |folder: &Path| mode_of(folder).is_some_and(|mode| mode & 0o001 != 0);
    (mode & 0o004 != 0 && path.ancestors().skip(1).all(may_enter)).then(|| format!("{mode:03o}"))
}

/// Other systems have no such mode.
#[cfg(not(unix))]
pub(super) fn mode_for_others(_: &Path) -> Option<String> {
    None
}

//! Keeps secrets in the memory of this process from other processes.

/// Makes the process undumpable: its memory is in no core dump, and no other process of the same user may read or trace
/// it. Programs that this process starts are not affected.
#[cfg(target_os = "linux")]
pub(crate) fn protect() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "other processes of this user can read this process's memory");
    }
}

/// Other systems have no such setting.
#[cfg(not(target_os = "linux"))]
pub(crate) fn protect() {}

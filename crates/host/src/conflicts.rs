//! Repeats a transaction that lost against another one.

use soar_store::StoreError;

use crate::Refusal;

/// The number of attempts for a transaction with conflicts.
pub const ATTEMPTS: u32 = 4;

/// An error that may say that a transaction lost against another one, so that another attempt may succeed.
pub trait MayConflict {
    /// Whether it says so.
    fn is_conflict(&self) -> bool;
}

impl MayConflict for StoreError {
    fn is_conflict(&self) -> bool {
        Self::is_conflict(self)
    }
}

impl MayConflict for Refusal {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// Makes attempts until one has no conflict with another transaction, at most four.
pub async fn until_no_conflict<T, E: MayConflict, F: Future<Output = Result<T, E>>>(
    mut attempt: impl FnMut() -> F,
) -> Result<T, E> {
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(error) if error.is_conflict() => {}
            ended => return ended,
        }
    }
    attempt().await
}

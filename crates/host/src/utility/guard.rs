//! The timeout of a utility command, and the guard against its panics.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::Refusal;

/// The result of `running` within `timeout`. The caller must undo the transaction after a refusal.
///
/// # Errors
/// [`Refusal::TimedOut`], [`Refusal::Panicked`], or the error of `running`.
pub(crate) async fn guarded<T>(
    timeout: Duration,
    running: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    match tokio::time::timeout(timeout, AssertUnwindSafe(running).catch_unwind()).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_panic)) => Err(Refusal::Panicked),
        Err(_elapsed) => Err(Refusal::TimedOut(timeout)),
    }
}

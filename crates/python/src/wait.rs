//! Waits for work without the GIL, and hears Ctrl-C meanwhile.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use pyo3::prelude::*;
use tokio::time::sleep;

use crate::engine::ProcessRuntime;

/// How often Python's signal handlers are run.
const SIGNALS: Duration = Duration::from_millis(100);

/// Waits for `work`. Other threads run Python meanwhile.
///
/// # Errors
/// What a signal handler raised, such as KeyboardInterrupt. The work is dropped then.
pub(crate) fn wait<T: Send>(
    py: Python<'_>,
    running: &ProcessRuntime,
    work: impl Future<Output = T> + Send,
) -> PyResult<T> {
    let runtime = running.runtime()?;
    py.detach(|| {
        runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return Ok(done),
                    () = sleep(SIGNALS) => Python::attach(|py| py.check_signals())?,
                }
            }
        })
    })
}

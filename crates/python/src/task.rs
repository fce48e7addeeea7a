//! A command that was started and not waited for.

use pyo3::prelude::*;
use tokio::task::AbortHandle;

use crate::of_process::OfProcess;

/// A command under way.
#[pyclass(frozen, module = "coda_footprint._native")]
pub(crate) struct Task {
    work: OfProcess<AbortHandle>,
}

impl Task {
    pub(crate) fn new(work: AbortHandle) -> Self {
        Self { work: OfProcess::new(work) }
    }
}

#[pymethods]
impl Task {
    /// Ends the command. Its outcome is not told then.
    fn cancel(&self) {
        if let Some(work) = self.work.get() {
            work.abort();
        }
    }
}

//! The pages of one command, read as they arrive.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use soar_connector::{
    Conclusion, ExecutionContext, InvalidCall, Invocation, RawParameters, Receipt, ReplyPage, Sink, SinkError,
};
use tokio::sync::{Mutex, mpsc};
use tokio::task::AbortHandle;

use crate::connection::Connected;
use crate::engine::ProcessRuntime;
use crate::of_process::OfProcess;
use crate::outcome;
use crate::wait::wait;

/// What comes from a running command.
enum PageOrEnd {
    Page(ReplyPage),
    End(Box<Conclusion>),
}

/// Hands pages on to the reader, who has at most one page waiting.
struct PageForwarder(mpsc::Sender<PageOrEnd>);

#[async_trait]
impl Sink for PageForwarder {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        let gone = |_| SinkError::Output(std::io::ErrorKind::BrokenPipe.into());
        self.0.send(PageOrEnd::Page(page)).await.map_err(gone)
    }
}

/// The pages of a running command. Dropping it ends the command.
struct PageReader {
    running: Arc<ProcessRuntime>,
    steps: Mutex<mpsc::Receiver<PageOrEnd>>,
    work: AbortHandle,
}

impl Drop for PageReader {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// The pages of a command, in order.
#[pyclass(frozen, module = "coda_footprint._native")]
pub(crate) struct Pages {
    reading: OfProcess<PageReader>,
}

impl Pages {
    pub(crate) fn start(
        connected: Connected,
        command: &str,
        parameters: &RawParameters,
        time_limit: Option<Duration>,
    ) -> PyResult<Self> {
        let (sender, steps) = mpsc::channel(1);
        let invocation = connected.connector.manifest().invocation(command, parameters);
        let running = Arc::clone(&connected.running);
        let work =
            running.runtime()?.spawn(read(connected, invocation, time_limit, PageForwarder(sender))).abort_handle();
        Ok(Self { reading: OfProcess::new(PageReader { running, steps: Mutex::new(steps), work }) })
    }

    fn reading(&self) -> PyResult<&PageReader> {
        self.reading.get().ok_or_else(|| {
            PyRuntimeError::new_err("The rows were begun before the process forked. Call iterate again.")
        })
    }
}

async fn read(
    connected: Connected,
    invocation: Result<Invocation, InvalidCall>,
    time_limit: Option<Duration>,
    mut sender: PageForwarder,
) {
    let context = ExecutionContext { time_limit, ..ExecutionContext::new() };
    let connector = connected.connector;
    let conclusion = match &invocation {
        Ok(invocation) => connector.execute_into(invocation, &context, &mut sender).await,
        Err(invalid) => {
            let receipt = Receipt { request_id: context.request_id, ..Receipt::default() };
            let error = Some(invalid.error_tab(connector.manifest()));
            Conclusion { error, receipt, warnings: Vec::new() }
        }
    };
    // A reader that is gone does not need it.
    let _ = sender.0.send(PageOrEnd::End(Box::new(conclusion))).await;
}

/// How a command ended; none while it runs.
type ConclusionDict<'py> = Option<Bound<'py, PyDict>>;

#[pymethods]
impl Pages {
    /// The rows of the next page as JSON texts, and `None`; after the last page `None`, and how the command ended.
    fn next<'py>(&self, py: Python<'py>) -> PyResult<(Option<Vec<String>>, ConclusionDict<'py>)> {
        let reading = self.reading()?;
        let step = wait(py, &reading.running, async { reading.steps.lock().await.recv().await })?;
        match step {
            Some(PageOrEnd::Page(page)) => Ok((Some(page.rows().map(str::to_owned).collect()), None)),
            Some(PageOrEnd::End(conclusion)) => Ok((None, Some(outcome::of_conclusion(py, &conclusion)?))),
            None => Err(PyRuntimeError::new_err("The command ended without an outcome.")),
        }
    }

    /// Raises RuntimeError in a process that was forked since the command began.
    fn require_process(&self) -> PyResult<()> {
        self.reading()?;
        Ok(())
    }

    /// Ends the command.
    fn cancel(&self) {
        if let Some(reading) = self.reading.get() {
            reading.work.abort();
        }
    }
}

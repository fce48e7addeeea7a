//! What all connectors of a process share: the runtime that sends requests, and the plugin with its rate limits.

use std::sync::{Arc, Mutex, PoisonError};

use coda_footprint::FootprintPlugin;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use soar_connector::{Manifest, Plugin as _};
use tokio::runtime::{Builder, Runtime};

use crate::description;
use crate::of_process::OfProcess;

/// Threads that wait for servers. Replies are read by the threads of the callers.
const WORKERS: usize = 2;

/// The runtime and the plugin of one process.
#[derive(Debug)]
pub(crate) struct ProcessRuntime {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    pub(crate) plugin: FootprintPlugin,
}

impl ProcessRuntime {
    fn start() -> PyResult<Arc<Self>> {
        let plugin = FootprintPlugin::new()
            .map_err(|error| PyRuntimeError::new_err(format!("This build has a broken manifest: {error}")))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("coda-footprint")
            .enable_all()
            .build()
            .map_err(|error| PyRuntimeError::new_err(format!("No thread could be started: {error}")))?;
        Ok(Arc::new(Self { runtime: Some(runtime), plugin }))
    }

    pub(crate) fn runtime(&self) -> PyResult<&Runtime> {
        self.runtime.as_ref().ok_or_else(|| PyRuntimeError::new_err("The connector has ended."))
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        self.plugin.manifest()
    }
}

impl Drop for ProcessRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A name that is being looked up would hold up the end of the program.
            runtime.shutdown_background();
        }
    }
}

/// Starts the threads of a process once, and again in a process that was forked from it.
#[pyclass(frozen, module = "coda_footprint._native")]
pub(crate) struct Engine {
    /// Locked only by a thread that holds the GIL, and never while it waits. So no fork finds it locked.
    running: Mutex<OfProcess<Arc<ProcessRuntime>>>,
}

impl Engine {
    pub(crate) fn running(&self) -> PyResult<Arc<ProcessRuntime>> {
        let mut held = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = held.get() {
            return Ok(Arc::clone(running));
        }
        let running = ProcessRuntime::start()?;
        *held = OfProcess::new(Arc::clone(&running));
        Ok(running)
    }
}

#[pymethods]
impl Engine {
    #[new]
    fn new() -> PyResult<Self> {
        Ok(Self { running: Mutex::new(OfProcess::new(ProcessRuntime::start()?)) })
    }

    /// The manifest as JSON text: `connector` and `commands`.
    fn manifest(&self) -> PyResult<String> {
        description::json(self.running()?.manifest())
    }

    /// The help of the module, of the settings and of the commands.
    fn help(&self) -> PyResult<(String, String, String)> {
        let running = self.running()?;
        let manifest = running.manifest();
        Ok((description::of_module(manifest), description::of_settings(manifest), description::of_commands(manifest)))
    }
}

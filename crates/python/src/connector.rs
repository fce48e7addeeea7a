//! The class `Connector`.

use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use soar_connector::{ExecutionContext, Outcome, RawParameters};

use crate::connection::{Connected, ForkSafeConnection};
use crate::engine::Engine;
use crate::outcome;
use crate::pages::Pages;
use crate::settings;
use crate::task::Task;
use crate::wait::wait;

/// The longest time limit, in seconds. Longer ones do not fit into the clock.
const LONGEST: f64 = 86_400.0 * 365.0;

/// A connection. Its Python subclass has the engine in `_engine`.
///
/// The settings are read here and not in Python: a traceback with the values of Python's variables must not show them.
#[pyclass(frozen, subclass, module = "coda_footprint._native")]
pub(crate) struct Connector {
    engine: Py<Engine>,
    connection: ForkSafeConnection,
}

/// A call as it comes from Python.
struct PythonCall {
    connected: Connected,
    command: String,
    parameters: RawParameters,
    time_limit: Option<Duration>,
}

impl PythonCall {
    async fn execute(self) -> Outcome {
        let context = ExecutionContext { time_limit: self.time_limit, ..ExecutionContext::new() };
        self.connected.connector.execute(&self.command, &self.parameters, &context).await
    }
}

impl Connector {
    fn call(&self, command: String, parameters: Option<&str>, time_limit: Option<f64>) -> PyResult<PythonCall> {
        let parameters = match parameters {
            None => RawParameters::new(),
            Some(text) => serde_json::from_str(text)
                .map_err(|error| PyValueError::new_err(format!("The parameters cannot be read: {error}.")))?,
        };
        let time_limit = time_limit.map(|seconds| {
            let valid = seconds > 0.0 && seconds <= LONGEST;
            let problem = || format!("time_limit: expected seconds above 0 and up to {LONGEST}, found {seconds}.");
            if valid { Ok(Duration::from_secs_f64(seconds)) } else { Err(PyValueError::new_err(problem())) }
        });
        let connected = self.connection.connected(self.engine.get())?;
        Ok(PythonCall { connected, command, parameters, time_limit: time_limit.transpose()? })
    }
}

#[pymethods]
impl Connector {
    #[new]
    #[classmethod]
    #[pyo3(signature = (**settings))]
    fn new(class: &Bound<'_, PyType>, settings: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let engine = class
            .getattr("_engine")?
            .cast_into::<Engine>()
            .map_err(|_| PyTypeError::new_err("_engine is not an Engine. Use coda_footprint.Connector."))?;
        let values = settings::read(&engine.get().running()?.manifest().connector, settings)?;
        let connection = ForkSafeConnection::new(values, engine.get())?;
        Ok(Self { engine: engine.unbind(), connection })
    }

    fn __repr__(&self) -> String {
        let (server, user) = (self.connection.shown("Server URL"), self.connection.shown("User Name"));
        format!("<coda_footprint.Connector {server:?} {user:?}>")
    }

    /// Runs a command and waits for its outcome. `parameters` is JSON text.
    fn _execute<'py>(
        &self,
        py: Python<'py>,
        command: String,
        parameters: Option<&str>,
        time_limit: Option<f64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let call = self.call(command, parameters, time_limit)?;
        let connected = call.connected.clone();
        let done = wait(py, &connected.running, call.execute())?;
        outcome::of_outcome(py, &done)
    }

    /// Starts a command and returns at once. `done` is called with the outcome and `None`, or with `None` and an error,
    /// in another thread.
    fn _start(
        &self,
        command: String,
        parameters: Option<&str>,
        time_limit: Option<f64>,
        done: Py<PyAny>,
    ) -> PyResult<Task> {
        let call = self.call(command, parameters, time_limit)?;
        let connected = call.connected.clone();
        let runtime = connected.running.runtime()?;
        let work = runtime.spawn(call.execute());
        let task = Task::new(work.abort_handle());
        runtime.spawn(async move {
            let ended = match work.await {
                Err(error) if error.is_cancelled() => return,
                ended => ended,
            };
            // Waiting for the GIL must not hold up the requests of others.
            tokio::task::spawn_blocking(move || {
                Python::try_attach(|py| {
                    let called = match ended {
                        Ok(ended) => {
                            outcome::of_outcome(py, &ended).and_then(|ended| done.call1(py, (ended, py.None())))
                        }
                        Err(panic) => {
                            let error = PyRuntimeError::new_err(format!("The command ended with a panic: {panic}"));
                            done.call1(py, (py.None(), error))
                        }
                    };
                    if let Err(error) = called {
                        error.write_unraisable(py, None);
                    }
                })
            });
        });
        Ok(task)
    }

    /// Starts a command whose rows are read page by page.
    fn _pages(&self, command: String, parameters: Option<&str>, time_limit: Option<f64>) -> PyResult<Pages> {
        let PythonCall { connected, command, parameters, time_limit } = self.call(command, parameters, time_limit)?;
        Pages::start(connected, &command, &parameters, time_limit)
    }
}

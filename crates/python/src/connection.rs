//! A connector's settings, and its session in the process that uses it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use soar_connector::{Connector, Plugin as _, SettingValues, SettingsError};

use crate::engine::{Engine, ProcessRuntime};
use crate::of_process::OfProcess;

/// A session, and the runtime that its requests need.
#[derive(Debug, Clone)]
pub(crate) struct Connected {
    pub(crate) running: Arc<ProcessRuntime>,
    pub(crate) connector: Arc<dyn Connector>,
}

/// A connection. It logs in anew in a process that was forked.
pub(crate) struct ForkSafeConnection {
    settings: SettingValues,
    /// Locked as the engine's state is: never while its holder waits.
    connected: Mutex<OfProcess<Connected>>,
}

impl fmt::Debug for ForkSafeConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connection")
    }
}

impl ForkSafeConnection {
    pub(crate) fn new(settings: SettingValues, engine: &Engine) -> PyResult<Self> {
        let connected = Mutex::new(OfProcess::new(connect(&settings, engine)?));
        Ok(Self { settings, connected })
    }

    pub(crate) fn connected(&self, engine: &Engine) -> PyResult<Connected> {
        let mut held = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connected) = held.get() {
            return Ok(connected.clone());
        }
        let connected = connect(&self.settings, engine)?;
        *held = OfProcess::new(connected.clone());
        Ok(connected)
    }

    /// The value of a setting that is no secret, for people.
    pub(crate) fn shown(&self, setting: &str) -> &str {
        self.settings.text(setting).unwrap_or_default()
    }
}

fn connect(settings: &SettingValues, engine: &Engine) -> PyResult<Connected> {
    let running = engine.running()?;
    let connector = running.plugin.build(settings).map_err(|error| refusal(&error))?;
    Ok(Connected { running, connector })
}

/// Python's error for settings that cannot work.
pub(crate) fn refusal(error: &SettingsError) -> PyErr {
    let form = "Settings are keyword arguments in lower case, such as server_url for Server URL.";
    PyValueError::new_err(format!("{error}\n{form}"))
}

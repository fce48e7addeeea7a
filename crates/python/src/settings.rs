//! Settings from keyword arguments.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString};
use secrecy::SecretString;
use soar_connector::SettingValues;
use soar_connector::manifest::ConnectorManifest;

use crate::connection::refusal;

/// The settings that `given` holds: `server_url="…"` for Server URL. `None` counts as not given.
///
/// # Errors
/// TypeError for a value that is neither text nor a number nor a yes or no; ValueError with every other problem. Neither
/// holds a value of a secret.
pub(crate) fn read(manifest: &ConnectorManifest, given: Option<&Bound<'_, PyDict>>) -> PyResult<SettingValues> {
    let mut values = Vec::new();
    for (name, value) in given.into_iter().flatten() {
        let name: String = name.extract()?;
        if !value.is_none() {
            let text = text(&name, &value)?;
            values.push((name, text));
        }
    }
    SettingValues::parse(manifest, values).map_err(|error| refusal(&error))
}

fn text(name: &str, value: &Bound<'_, PyAny>) -> PyResult<SecretString> {
    if let Ok(value) = value.cast::<PyBool>() {
        return Ok(if value.is_true() { "true" } else { "false" }.into());
    }
    if value.is_instance_of::<PyString>() {
        return value.extract::<String>().map(SecretString::from).map_err(|_| {
            // The error of the conversion would show the text.
            PyTypeError::new_err(format!("{name}: expected text without lone surrogates"))
        });
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(value.str()?.extract::<String>()?.into());
    }
    let found = value.get_type().name()?;
    Err(PyTypeError::new_err(format!("{name}: expected str, int or bool, found {found}")))
}

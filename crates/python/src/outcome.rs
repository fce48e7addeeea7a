//! Outcomes as Python's dicts, in D3's names.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use pythonize::pythonize;
use soar_connector::{Conclusion, Outcome, RawData, ReturnData};

/// The outcome. `rawData` is the vendor's JSON text, untouched: one reply, or a list of the pages' replies.
pub(crate) fn of_outcome<'py>(py: Python<'py>, outcome: &Outcome) -> PyResult<Bound<'py, PyDict>> {
    let key_fields = PyDict::new(py);
    for field in &outcome.key_fields {
        key_fields.set_item(&field.name, pythonize(py, &field.values)?)?;
    }
    let dict = PyDict::new(py);
    dict.set_item("returnData", pythonize(py, &outcome.return_data)?)?;
    dict.set_item("result", pythonize(py, &outcome.result)?)?;
    dict.set_item("keyFields", key_fields)?;
    dict.set_item("contextData", pythonize(py, &outcome.result.context_data())?)?;
    dict.set_item("rawData", raw_data(&outcome.raw_data))?;
    dict.set_item("error", pythonize(py, &outcome.error)?)?;
    dict.set_item("receipt", pythonize(py, &outcome.receipt)?)?;
    dict.set_item("warnings", pythonize(py, &outcome.warnings)?)?;
    Ok(dict)
}

fn raw_data(raw: &RawData) -> Option<String> {
    match raw {
        RawData::None => None,
        RawData::One(body) => Some(body.get().to_owned()),
        RawData::Pages(bodies) => {
            let bodies: Vec<_> = bodies.iter().map(|body| body.get()).collect();
            Some(format!("[{}]", bodies.join(",")))
        }
    }
}

/// How a command ended whose rows were handed on one by one.
pub(crate) fn of_conclusion<'py>(py: Python<'py>, conclusion: &Conclusion) -> PyResult<Bound<'py, PyDict>> {
    let successful = conclusion.error.is_none();
    let return_data = if successful { ReturnData::Successful } else { ReturnData::Failed };
    let dict = PyDict::new(py);
    dict.set_item("returnData", pythonize(py, &return_data)?)?;
    dict.set_item("error", pythonize(py, &conclusion.error)?)?;
    dict.set_item("receipt", pythonize(py, &conclusion.receipt)?)?;
    dict.set_item("warnings", pythonize(py, &conclusion.warnings)?)?;
    Ok(dict)
}

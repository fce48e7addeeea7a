//! `coda_footprint._native`: the connector for Python. The package in `python/` adds what is written in Python.

mod connection;
mod connector;
mod description;
mod engine;
mod of_process;
mod outcome;
mod pages;
mod settings;
mod task;
mod wait;

#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::connector::Connector;
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::pages::Pages;
    #[pymodule_export]
    use crate::task::Task;

    /// The version of the package.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}

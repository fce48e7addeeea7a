//! The SOAR connector for CODA Footprint: its commands over one authenticated session.
//!
//! A host registers [`FootprintPlugin`] and builds a connector from a connection's settings; commands, parameters,
//! outcomes and errors are those of the [`soar_connector`] contract, described by the manifest in `manifest/`.

mod commands;
mod connector;
mod diagnose;
mod findings;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod hop;
mod scans;
mod session;
mod settings;
mod vendor;

pub use connector::FootprintPlugin;

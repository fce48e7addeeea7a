//! A SOAR host: it keeps connections, sites, users, incidents and cases, runs connectors' commands, and speaks D3's
//! Command API.

pub mod access;
pub mod audit;
pub mod command_api;
mod gate;
mod host;
pub mod model;
pub mod server;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod utility;

pub use host::Host;

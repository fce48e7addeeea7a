//! A SOAR host: it keeps connections, sites, users, incidents and cases, runs connectors' commands, and speaks D3's
//! Command API.

pub mod alerts;
pub mod health;
pub mod model;
pub mod scheduler;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod utility;

//! A SOAR host: it keeps connections, sites, users, incidents and cases, runs connectors' commands, and speaks D3's
//! Command API.

pub mod connections;
pub mod executor;
pub mod model;
pub mod moment;
pub mod sealing;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod utility;
pub mod vault;

//! Connections: who may see, use and change them, what their parameters must be, and which one a command runs on.

mod change;
mod choose;
mod draft;
mod health_check;
mod parameters;
mod rights;
mod service;

pub use draft::{ConnectionChange, ConnectionDraft, GivenValue};
pub(crate) use parameters::open as open_secret;
pub use service::Connections;

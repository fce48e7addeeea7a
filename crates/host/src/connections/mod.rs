//! Connections: the rights to see, use and change them, the checks of their parameters, and the choice of the
//! connection for a command.

mod agent;
mod certificates;
mod change;
mod choose;
mod draft;
mod health_check;
mod parameters;
mod resolve;
mod rights;
mod save;
mod service;
mod unsaved;

pub(crate) use agent::{AgentsByName, unusable as unusable_agent};
pub use agent::{WithoutAgent, without_their_agent};
pub use certificates::{KeptPath, kept_paths};
pub(crate) use certificates::{is_path as is_path_of_certificates, read as read_certificates};
pub(crate) use choose::{inactive, must_be_active};
pub(crate) use draft::given;
pub use draft::{ConnectionChange, ConnectionDraft, GivenValue};
pub(crate) use health_check::server_of;
pub(crate) use parameters::open as open_secret;
pub(crate) use rights::{place_of, visible};
pub use service::Connections;
pub(crate) use unsaved::UnsavedConnection;

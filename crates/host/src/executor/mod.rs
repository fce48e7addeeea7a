//! Runs the commands of connections: within limits, with a deadline, cancellable, and noted in the run history.

mod agent;
mod check;
mod connectors;
pub(crate) mod history;
mod kept;
mod nodes;
mod registry;
mod remote;
mod run;
mod settings;
mod slots;
mod supervise;
mod watching;

pub(crate) use registry::CONNECTION_NAME;
pub use registry::{Registry, RegistryError, endpoint_name};
pub use run::{CommandEnd, Executor, Tested};
pub use settings::ExecutorSettings;
pub use watching::Watching;

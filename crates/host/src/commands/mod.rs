//! The commands of the Command API: the host's own commands and the commands of connectors.

mod external;
mod integration;
mod registry;

pub use external::ExternalCommand;
pub use integration::{IntegrationCommand, IntegrationCommands};
pub use registry::{CommandRegistry, Registered, RegisteredUtility, RegistryError, Runner};

//! The commands of the Command API: the host's own commands and the commands of connectors.

mod integration;
mod outside;
mod registry;

pub use integration::{IntegrationCommand, IntegrationCommands};
pub use outside::ExternalCommand;
pub use registry::{CommandRegistry, Registered, RegisteredUtility, RegistryError, Runner};

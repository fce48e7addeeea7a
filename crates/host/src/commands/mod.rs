//! The commands that a remote caller can name: the host's own, and those of connectors.

mod integration;
mod outside;
mod registry;

pub use integration::{IntegrationCommand, IntegrationCommands};
pub use outside::ExternalCommand;
pub use registry::{CommandRegistry, Registered, RegisteredUtility, RegistryError, Runner};

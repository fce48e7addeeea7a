//! The commands of the Command API: the host's own commands and the commands of connectors.

mod external;
mod integration;
mod known;
mod registry;

pub use external::ExternalCommand;
pub use integration::{IntegrationCommand, IntegrationCommands};
pub use known::{KnownCommand, KnownCommands};
pub use registry::{CommandRegistry, CommandRunner, Registered, RegisteredUtility, RegistryError};

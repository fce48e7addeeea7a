//! D3's Command API: `POST …/api/Command/{CommandName}`.

mod admission;
mod integration;
mod outside;
mod outside_call;
mod registry;
mod request;
mod service;
mod utility_call;

pub use integration::{IntegrationCommand, IntegrationCommands};
pub use outside::OutsideCommand;
pub use registry::{CommandRegistry, RegisteredUtility, RegistryError};
pub(crate) use service::call;

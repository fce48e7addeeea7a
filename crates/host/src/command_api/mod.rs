//! D3's Command API: `POST …/api/Command/{CommandName}`.

mod admission;
mod integration;
mod outside;
mod outside_call;
mod question;
mod registry;
mod remembered;
mod request;
mod service;
mod shared_reads;
mod utility_call;

pub use integration::{IntegrationCommand, IntegrationCommands};
pub use outside::OutsideCommand;
pub use registry::{CommandRegistry, RegisteredUtility, RegistryError};
pub(crate) use remembered::RememberedAnswers;
pub(crate) use service::call;
pub(crate) use shared_reads::SharedReads;

//! Proxy agents: named proxies that connections can use. The store keeps their secrets sealed.

mod address;
mod draft;
mod reach;
mod rights;
mod service;
mod test;

pub use draft::{AgentChange, AgentDraft};
pub use reach::AgentTested;
pub use service::Agents;
pub use test::AgentTarget;

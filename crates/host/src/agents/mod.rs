//! Proxy agents: named proxies that connections can use. The store keeps their secrets sealed.

mod address;
mod draft;
mod reach;
mod service;

pub use draft::{AgentChange, AgentDraft};
pub use reach::AgentTested;
pub use service::{AgentTarget, Agents};

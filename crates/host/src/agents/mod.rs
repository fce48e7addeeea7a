//! Proxy agents: the proxies that connections go through by name. The host keeps them, with their secrets sealed.

mod address;
mod draft;
mod reach;
mod service;

pub use draft::{AgentChange, AgentDraft};
pub use reach::AgentTested;
pub use service::{AgentTarget, Agents};

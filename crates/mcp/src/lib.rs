//! A connector's commands as tools of the Model Context Protocol (MCP).
//!
//! [`McpServer`] is the protocol's server. A [`Backend`] runs the commands: the connector in this process, or a SOAR
//! host. The tools are generated from the commands' manifests.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod answer;
mod arguments;
mod backend;
mod budget;
mod cursor;
mod describe;
mod plan;
mod problem;
mod result;
#[cfg(test)]
mod sample;
mod schema;
mod server;
mod tools;

pub use answer::ToolAnswer;
pub use backend::{Backend, CommandCall, NamedPlan, UsableConnection};
pub use problem::Problem;
pub use server::McpServer;
pub use tools::{ReservedName, Tools, Writes};

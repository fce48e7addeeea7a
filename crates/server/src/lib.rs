//! A SOAR host over HTTP: D3's Command API, the management API, the Model Context Protocol, the tenants' endpoint, OpenAPI,
//! metrics, and an orderly shutdown.

mod any_handler;
mod command_api;
mod documentation;
mod gate;
mod limits;
mod listening;
mod manage;
mod mcp;
mod once_per_minute;
mod openapi;
pub mod pages;
mod probes;
mod router;
mod serve;
mod server;
mod tenants_endpoint;
mod tls;
mod to_its_end;

pub use any_handler::AnyHandler;
pub use openapi::openapi;
pub use router::{PAGES, PageRoutes, router};
pub use serve::{RunningHost, ServeError, serve, serve_with_pages};
pub use server::Server;
pub use to_its_end::{Panicked, to_its_end};

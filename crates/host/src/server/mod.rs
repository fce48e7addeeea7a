//! The HTTP server: addresses, TLS, limits, health, metrics, and an end that finishes what was accepted.

mod documentation;
mod first_bytes;
mod health;
mod manage;
mod metrics;
mod openapi;
mod router;
mod serve;
mod settings;
mod tls;

pub use metrics::HostMetrics;
pub use openapi::openapi;
pub use router::router;
pub use serve::{RunningHost, ServeError, serve};
pub use settings::{HostSettings, Retention, ScheduleSettings, SettingsProblem, StoreAddress, TlsFiles};

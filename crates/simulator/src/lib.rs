//! A simulator of the CODA Footprint API, all three generations, for tests, demonstrations and benchmarks.
//!
//! It speaks real HTTP on a loopback port, invents its data from a seed, remembers what writes did,
//! records what it was asked and misbehaves on command.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use footprint_simulator::{Options, Simulator, UserKind};
//!
//! let simulator = Simulator::start(Options::default()).await?;
//! let user = simulator.user(UserKind::Administrator);
//! println!("{} {} {}", simulator.url(), user.user_name, user.password);
//! simulator.inject("devices status=503 retry-after=2 count=1".parse()?);
//! # Ok(())
//! # }
//! ```

mod access;
mod call;
mod clock;
mod data;
mod device_tags;
mod dialect;
mod endpoints;
mod entries;
mod fault;
mod fault_text;
mod faulty_answer;
mod generation;
mod known;
mod multipart;
mod options;
mod page;
mod query;
mod recorder;
mod reply;
mod router;
mod routes;
mod scans;
mod scopes;
mod serve;
mod simulator;
mod start_error;
mod tenants;
mod tls;
mod tokens;
mod users;
mod verdicts;
mod world;

pub use fault::Fault;
pub use fault_text::FaultError;
pub use generation::{Generation, UnknownGeneration};
pub use known::KnownIds;
pub use options::Options;
pub use recorder::RecordedRequest;
pub use simulator::Simulator;
pub use start_error::StartError;
pub use tenants::SimulatedTenant;
pub use tls::CertificateError;
pub use users::{SimulatedUser, UserKind};

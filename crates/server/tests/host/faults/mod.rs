//! What becomes of calls when something fails under the host, or its callers misbehave.

mod clients;
mod commits;
mod file;
mod outcomes;
mod proxy;
mod scheduler;
mod server;
mod silence;

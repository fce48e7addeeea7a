//! What becomes of calls when something fails under the host, or its callers misbehave.

mod clients;
mod file;
mod proxy;
mod server;

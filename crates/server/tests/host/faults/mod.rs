//! Calls during faults of the store and with misbehaving callers.

mod clients;
mod commits;
mod file;
mod outcomes;
mod proxy;
mod scheduler;
mod server;
mod silence;

//! The host's tests, each on both stores.

mod connections;
mod executor;
mod gate;
mod sealing;
mod stage;
mod store;
mod vault;

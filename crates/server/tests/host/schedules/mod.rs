//! Scheduled work: each due time runs once, on one of the hosts, and its alerts reach their destinations.

mod alerts;
mod checks;
mod claiming;
pub mod clocks;
mod commands;
mod history;
mod mail;
mod served;
mod shared;
mod size;
mod stalled;
mod taking_over;
mod upgrade;
mod webhook;
pub mod wired;
pub mod world;

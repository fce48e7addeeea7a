//! Findings: collections, the log of changes, what is read of it, and what happens when something goes wrong.

mod busy_day;
mod delivery;
mod faults;
mod formats;
mod groups;
mod log;
mod over_http;
pub mod product;
mod pruned;
mod reading_keys;
mod removed_tenants;
mod semantics;
mod sharing;
mod views;
mod week;
mod with_footprint;
pub mod world;

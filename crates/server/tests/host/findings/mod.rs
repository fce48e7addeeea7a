//! Findings: collections, the log of changes, what is read of it, and what happens when something goes wrong.

mod faults;
mod log;
mod product;
mod semantics;
mod sharing;
mod world;

//! What runs by itself: once for each due time, whoever runs it, and told to who asked for it.

mod alerts;
mod handing_out;
mod history;
mod mail;
mod memory_queue;
mod queue;
mod served;
mod size;
mod taking_over;
mod webhook;
mod wired;
pub mod world;

//! What runs by itself: once for each due time, whoever runs it, and told to who asked for it.

mod alerts;
mod claiming;
mod clocks;
mod history;
mod mail;
mod served;
mod shared;
mod size;
mod taking_over;
mod upgrade;
mod webhook;
mod wired;
pub mod world;

//! The console in a real browser, and its templates.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on can only end")]

mod appearance;
mod browser;
mod connections;
mod headers;
mod keyboard;
mod script;
mod sign_in;
mod templates;
mod test_command;
mod without_scripts;
mod world;

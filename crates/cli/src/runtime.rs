//! The runtime of subcommands that run one command at a time.

use anyhow::{Context as _, Result};

/// A runtime for one command at a time.
pub(crate) fn single_threaded_runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime could be started")
}

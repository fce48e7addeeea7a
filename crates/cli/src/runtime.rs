//! The runtime of subcommands that run one command at a time.

use anyhow::{Context as _, Result};

/// The most threads for blocking work beside the threads that split replies, of which there is one per processor.
const OTHER_BLOCKING: usize = 2;

/// A runtime for one command at a time.
pub(crate) fn single_threaded_runtime() -> Result<tokio::runtime::Runtime> {
    // tokio starts a thread unless one is idle, and a thread that has just ended its work is not idle yet. Without a limit,
    // reading a long list starts hundreds.
    let splitting = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(splitting + OTHER_BLOCKING)
        .build()
        .context("no runtime could be started")
}

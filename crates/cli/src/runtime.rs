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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn work_that_blocks_uses_the_same_few_threads_again() {
        let runtime = single_threaded_runtime().unwrap();
        let threads: HashSet<_> = runtime.block_on(async {
            let tasks: Vec<_> = (0..200)
                .map(|_| {
                    tokio::task::spawn_blocking(|| {
                        std::thread::sleep(std::time::Duration::from_micros(100));
                        std::thread::current().id()
                    })
                })
                .collect();
            futures_util::future::join_all(tasks).await.into_iter().map(Result::unwrap).collect()
        });
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        assert!(threads.len() <= processors + OTHER_BLOCKING, "{} threads", threads.len());
    }
}

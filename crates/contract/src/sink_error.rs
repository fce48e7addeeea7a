//! The error of a sink that takes no more pages.

/// Why a sink takes no more pages.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The sink holds as much as it may.
    #[error("the replies and their table need more than the {limit} bytes that are kept in memory")]
    Full {
        /// The sink's bound, in bytes.
        limit: usize,
    },
    /// Writing failed.
    #[error("the output could not be written: {0}")]
    Output(#[from] std::io::Error),
}

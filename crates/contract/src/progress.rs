//! The progress of a long command while it runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::follow_token::FollowToken;

/// How far a command has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// So much of a list is read.
    Read {
        /// Rows so far.
        rows: u64,
        /// Pages so far.
        pages: u64,
        /// How many pages there are, where the server says so.
        total_pages: Option<u64>,
    },
    /// The lists of so many objects are read, of which the command's rows come.
    Gathered {
        /// Rows so far.
        rows: u64,
        /// Objects whose lists are read.
        done: u64,
        /// Objects whose lists are to be read.
        total: u64,
    },
    /// The command follows work in the product.
    Following {
        /// The token with which it can be followed again.
        token: FollowToken,
        /// How far the work is, in words.
        status: String,
    },
    /// The command waits this long before it repeats a request.
    Waiting {
        /// How long.
        wait: Duration,
        /// Whether the server asked for the wait.
        asked: bool,
    },
}

/// Hears of a command's steps. The default hears nothing.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<dyn Fn(Step) + Send + Sync>>);

impl Progress {
    /// Calls `told` at each step.
    #[must_use]
    pub fn new(told: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(told)))
    }

    /// Tells a step.
    pub fn tell(&self, step: Step) {
        if let Some(told) = &self.0 {
            told(step);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Progress").field(&self.0.is_some()).finish()
    }
}

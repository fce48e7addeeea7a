//! The token of work that a command has started.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Stands for work that was started. It holds no secret, and can be stored and written in a command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FollowToken(String);

impl FollowToken {
    /// How many bytes a token has at most.
    pub const LONGEST: usize = 16 * 1024;

    /// A token of this text.
    ///
    /// # Errors
    /// `invalid-parameter` for a text that is empty, too long, or has other characters than letters, digits, `-` and `_`.
    pub fn new(text: impl Into<String>) -> Result<Self, Failure> {
        let text = text.into();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if text.is_empty() || text.len() > Self::LONGEST || !is_plain {
            return Err(Failure::new("invalid-parameter", "The token is not one that this command gave."));
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FollowToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

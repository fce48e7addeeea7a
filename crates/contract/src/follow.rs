//! Work that goes on in the product after a command has started it: started once, and asked about until it is over.
//!
//! Between two questions nothing is held: a token of text stands for the work, and any connector of the same connection
//! can ask with it, also after a restart.

use std::time::Duration;

use async_trait::async_trait;

use crate::call::HandlerCall;
use crate::error::CommandError;
use crate::failure::Failure;
use crate::follow_token::FollowToken;
use crate::invocation::Invocation;
use crate::outcome::{Conclusion, Receipt};

/// Work that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningWork {
    /// The token to ask with from now on. It can differ from the one before.
    pub token: FollowToken,
    /// The state of the work in a word, such as `running`.
    pub status: String,
    /// How much of it is done, where the product says so.
    pub percent: Option<u8>,
    /// When it is sensible to ask again.
    pub wait: Duration,
}

/// A handler's answer to a question about work.
#[derive(Debug)]
pub enum Poll {
    /// It is not over.
    Running(RunningWork),
    /// It is over, and its rows went to the sink.
    Done,
}

/// Starts work and asks about it, on a connection of type `C`.
#[async_trait]
pub trait Follow<C: ?Sized>: Send + Sync {
    /// Starts the work. A start whose outcome is unknown gives a token too, if the work can be found out about.
    ///
    /// # Errors
    /// [`Failure`], if nothing was started.
    async fn start(&self, connection: &C, call: HandlerCall<'_>) -> Result<FollowToken, Failure>;

    /// Asks about the work. It never starts any.
    ///
    /// # Errors
    /// [`Failure`]. One that the manifest calls retryable says nothing about the work: the caller asks again later.
    async fn poll(&self, connection: &C, token: &FollowToken, call: HandlerCall<'_>) -> Result<Poll, Failure>;

    /// Ends the work, if the product can. Returns whether it did; otherwise the work goes on unwatched.
    ///
    /// # Errors
    /// [`Failure`].
    async fn cancel(&self, connection: &C, token: &FollowToken, call: HandlerCall<'_>) -> Result<bool, Failure>;

    /// Waits, for callers that follow the work in one go.
    async fn wait(&self, connection: &C, wait: Duration);
}

/// A connector's answer to a question about work.
#[derive(Debug)]
pub enum Polled {
    /// It is not over. The receipt is of this question.
    Running(RunningWork, Receipt),
    /// The product gave no answer that says anything about the work. It is asked again after the wait.
    Unanswered {
        /// Why.
        error: CommandError,
        /// When it is sensible to ask again.
        wait: Duration,
        /// The receipt of the question.
        receipt: Receipt,
    },
    /// It is over, well or not.
    Ended(Conclusion),
}

/// When work is asked about again that could not be asked about.
pub(crate) const WAIT_UNANSWERED: Duration = Duration::from_secs(30);

impl Invocation {
    /// The token that the caller gave, of an earlier start.
    ///
    /// # Errors
    /// `invalid-parameter` for a text that is no token.
    pub fn follow_token(&self) -> Result<Option<FollowToken>, Failure> {
        let input = self.command().follow.as_ref().map(|follow| follow.token.as_str());
        input.and_then(|input| self.parameters().text(input)).map(FollowToken::new).transpose()
    }

    /// How long the command is followed: as the caller says, else as the manifest says. `None` for other commands.
    #[must_use]
    pub fn follow_limit(&self) -> Option<Duration> {
        let follow = self.command().follow.as_ref()?;
        let given = self.parameters().integer(&follow.limit).and_then(|minutes| u64::try_from(minutes).ok());
        Some(Duration::from_secs(60 * given.unwrap_or(u64::from(follow.default_limit))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_plain_text_of_bounded_length() {
        assert_eq!(FollowToken::new("aB3-_").unwrap().to_string(), "aB3-_");
        for wrong in ["", "a b", "a;b", "ä", &"x".repeat(FollowToken::LONGEST + 1)] {
            assert!(FollowToken::new(wrong).is_err());
        }
    }
}

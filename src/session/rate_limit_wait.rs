//! Refuses a command at once when the server asked for a pause that the command does not wait out.

use std::future::{Future, pending};

use super::fair_limiter::FairLimiter;
use super::request_context::CommandContext;
use super::retry::come_back_in;
use crate::vendor::Failure;

impl FairLimiter {
    /// Fails if the server asked for a longer pause than this command may wait out.
    pub(super) fn refuse_during_pause(&self, context: &CommandContext) -> Result<(), Failure> {
        match self.closed_for() {
            Some(wait) if !context.can_wait(wait) => {
                let said = "No request was sent: the server is rate limiting this account.";
                Err(come_back_in(wait, None, said, self.clock.now()))
            }
            _ => Ok(()),
        }
    }

    /// Waits for another command's login. Fails if that command waits out a 429 for longer than this one may.
    pub(super) async fn wait_for_login<T>(
        &self,
        login: impl Future<Output = T>,
        context: &CommandContext,
    ) -> Result<T, Failure> {
        let mut news = self.news();
        let refusal = async {
            loop {
                if let Err(failure) =
                    self.refuse_during_pause(context).and_then(|()| self.refuse_during_login_pause(context))
                {
                    return failure;
                }
                if news.changed().await.is_err() {
                    // The limiter is gone, so no pause can begin.
                    return pending().await;
                }
            }
        };
        tokio::select! {
            // A free login is used at once, also during a pause.
            biased;
            login = login => Ok(login),
            failure = refusal => Err(failure),
        }
    }

    fn refuse_during_login_pause(&self, context: &CommandContext) -> Result<(), Failure> {
        match self.logins_rest_for() {
            Some(wait) if !context.can_wait(wait) => {
                let seconds = wait.as_secs().max(1);
                Err(Failure::new(
                    "rate-limited",
                    format!(
                        "No request was sent: the server is rate limiting this account. Retry in {seconds} seconds."
                    ),
                ))
            }
            _ => Ok(()),
        }
    }
}

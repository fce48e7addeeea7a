//! Refuses a command at once when the server asked for a pause that the command does not wait out.

use std::future::{Future, pending};

use super::fair_limiter::FairLimiter;
use super::request_context::RequestContext;
use super::retry::come_back_in;
use crate::vendor::Failure;

impl FairLimiter {
    /// Refuses at once what cannot be sent in time, because the server said when to come back.
    pub(super) fn refuse_during_pause(&self, context: &RequestContext) -> Result<(), Failure> {
        match self.closed_for() {
            Some(wait) if !context.can_wait(wait) => {
                let said = "No request was sent: the server had too many of them a short time ago.";
                Err(come_back_in(wait, None, said, self.clock.now()))
            }
            _ => Ok(()),
        }
    }

    /// Waits for a login that another command may be doing, unless a pause begins that this command has no time to wait out:
    /// the other command may be waiting out a 429.
    pub(super) async fn wait_for_login<T>(
        &self,
        login: impl Future<Output = T>,
        context: &RequestContext,
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

    fn refuse_during_login_pause(&self, context: &RequestContext) -> Result<(), Failure> {
        match self.logins_rest_for() {
            Some(wait) if !context.can_wait(wait) => {
                let seconds = wait.as_secs().max(1);
                Err(Failure::new(
                    "rate-limited",
                    format!(
                        "No request was sent: the server had too many of them a short time ago. Come back in {seconds} seconds, when the login has been tried again."
                    ),
                ))
            }
            _ => Ok(()),
        }
    }
}

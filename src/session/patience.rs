//! Who waits while the server wants to be left alone, and who is told at once when to come back.

use std::future::{Future, pending};

use super::errand::Errand;
use super::retry::come_back_in;
use super::turnstile::Turnstile;
use crate::vendor::Failure;

impl Turnstile {
    /// Refuses at once what cannot be sent in time, because the server said when to come back.
    pub(super) fn admit(&self, errand: &Errand) -> Result<(), Failure> {
        match self.closed_for() {
            Some(wait) if !errand.waits(wait) => {
                let said = "No request was sent: the server had too many of them a short time ago.";
                Err(come_back_in(wait, None, said, self.clock.now()))
            }
            _ => Ok(()),
        }
    }

    /// Waits for a login that another errand may be busy with, with this errand's patience: the other may sit out a 429
    /// that this one has no time for.
    pub(super) async fn wait_for_login<T>(
        &self,
        login: impl Future<Output = T>,
        errand: &Errand,
    ) -> Result<T, Failure> {
        let mut news = self.news();
        let refusal = async {
            loop {
                if let Err(failure) = self.admit(errand).and_then(|()| self.admit_to_login(errand)) {
                    return failure;
                }
                if news.changed().await.is_err() {
                    // The turnstile is gone, and so is who would close it.
                    return pending().await;
                }
            }
        };
        tokio::select! {
            // A login that nobody is busy with needs no patience.
            biased;
            login = login => Ok(login),
            failure = refusal => Err(failure),
        }
    }

    fn admit_to_login(&self, errand: &Errand) -> Result<(), Failure> {
        match self.logins_rest_for() {
            Some(wait) if !errand.waits(wait) => {
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

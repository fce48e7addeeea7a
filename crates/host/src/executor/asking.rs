//! Asks the due questions about the work of all runs, together with other hosts.

use std::sync::Arc;
use std::time::Duration;

use soar_store::StoreError;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Executor;
use super::follow::{QuestionResult, ask, claim};

/// The interval between looks for due questions.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The most questions that one host asks at once.
const AT_ONCE: usize = 64;

impl Executor {
    /// Asks the due questions about the work of followed runs until `stop` is true. Questions under way are then given
    /// up, and other hosts ask them.
    pub async fn serve_followed_runs(self, mut stop: watch::Receiver<bool>) {
        let mut asking = JoinSet::new();
        while !*stop.borrow() {
            if let Err(error) = self.ask_due(&mut asking).await
                && !self.shared.store().note(&error)
            {
                tracing::error!("Due questions about work could not be claimed: {error}");
            }
            tokio::select! {
                stopped = stop.wait_for(|stop| *stop) => {
                    if stopped.is_err() {
                        break;
                    }
                }
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
            while asking.try_join_next().is_some() {}
        }
        asking.shutdown().await;
    }

    /// Asks the questions that are due now, and waits for the answers. Returns the number of runs that have ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ask_followed_runs(&self) -> Result<usize, StoreError> {
        let mut asking = JoinSet::new();
        self.ask_due(&mut asking).await?;
        let mut ended = 0;
        while let Some(asked) = asking.join_next().await {
            ended += usize::from(matches!(asked, Ok(QuestionResult::Ended(_))));
        }
        Ok(ended)
    }

    async fn ask_due(&self, asking: &mut JoinSet<QuestionResult>) -> Result<(), StoreError> {
        let places = AT_ONCE.saturating_sub(asking.len());
        if places == 0 {
            return Ok(());
        }
        for one in claim(&self.shared, places, None).await? {
            let shared = Arc::clone(&self.shared);
            asking.spawn(async move { ask(&shared, one).await });
        }
        Ok(())
    }
}

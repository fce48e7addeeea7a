//! Waits for the end of a followed run, without a slot. The waiter asks about the work while it waits, so that it gets the
//! whole result.

use std::time::Duration;

use soar_connector::{ReplyPage, Step, Warning};
use soar_store::model::{RunFollowing, RunId, RunStatus};
use soar_store::{HeldRoom, StoreError};
use tokio::time::Instant;

use super::Executor;
use super::finished_run::{FinishedRun, WorkUnderWay};
use super::follow::{QuestionResult, ask, claim, outcome_of};
use crate::Refusal;

/// The interval between looks at the run.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// What a look at a run found.
enum SeenRun {
    Ended(Box<FinishedRun>, Vec<ReplyPage>),
    Running(RunFollowing),
}

impl Executor {
    /// Waits until the work of a run is over, until the time `until`, or until [`Executor::stop_waiting`]. Returns a run
    /// that is not under way at once. The work goes on if the future is dropped, and the hosts of the instance follow it.
    ///
    /// # Errors
    /// [`Refusal`] when the run cannot be read.
    pub async fn wait_for(&self, mut run: FinishedRun, until: Option<Instant>) -> Result<FinishedRun, Refusal> {
        let Some(mut under_way) = run.under_way.take() else { return Ok(run) };
        let _waited_for = self.shared.followed.wait_for(run.run);
        let mut leaving = self.shared.leaving.subscribe();
        loop {
            let seen = tokio::select! {
                biased;
                _ = leaving.wait_for(|leaving| *leaving) => break,
                seen = self.look(run.run, &under_way) => seen,
            };
            match seen {
                Ok(SeenRun::Ended(ended, pages)) => return Ok(hand_on(*ended, pages, under_way).await),
                Ok(SeenRun::Running(progress)) => under_way.progress = progress,
                Err(error @ StoreError::NotFound { .. }) => return Err(error.into()),
                Err(error) => {
                    if !self.shared.store().note(&error) {
                        tracing::warn!(run = run.run.0, %error, "a followed run could not be read; the host tries again");
                    }
                }
            }
            under_way.tell();
            let is_over = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = is_over => break,
                _ = leaving.wait_for(|leaving| *leaving) => break,
                () = self.shared.connections.clock.sleep(POLL_INTERVAL) => {}
            }
        }
        Ok(FinishedRun { outcome: under_way.outcome(run.run), under_way: Some(under_way), ..run })
    }

    /// Makes all waiters of this process return. The work goes on, and other processes follow it.
    pub fn stop_waiting(&self) {
        self.shared.leaving.send_replace(true);
    }

    /// Asks about the work if that is due, and else reads how far it is.
    async fn look(&self, run: RunId, under_way: &WorkUnderWay) -> Result<SeenRun, StoreError> {
        if let Some(claim) = claim(&self.shared, 1, Some(run)).await?.pop() {
            match ask(&self.shared, claim).await {
                QuestionResult::Running(progress) => return Ok(SeenRun::Running(progress)),
                QuestionResult::Ended(ended) => {
                    let finished = FinishedRun {
                        run,
                        connection: ended.run.connection,
                        command: ended.run.command,
                        outcome: ended.outcome,
                        room: ended.room,
                        under_way: None,
                    };
                    return Ok(SeenRun::Ended(Box::new(finished), ended.pages));
                }
                QuestionResult::Lost => {}
            }
        }
        let known = self.shared.store().reader().await?.records().run(run).await?;
        if known.status == RunStatus::Running {
            return Ok(SeenRun::Running(known.following.unwrap_or_else(|| under_way.progress.clone())));
        }
        // Another host got the result.
        let (outcome, pages) = outcome_of(&known, under_way.invocation.command()).await;
        let (connection, command, room) = (known.connection, known.command, HeldRoom::default());
        let ended = FinishedRun { run, connection, command, outcome, room, under_way: None };
        Ok(SeenRun::Ended(Box::new(ended), pages))
    }
}

impl WorkUnderWay {
    fn tell(&self) {
        if let Some(watching) = &self.watching {
            let status = self.status();
            watching.progress.tell(Step::Following { token: self.token.clone(), status });
        }
    }
}

/// Passes the pages to the watcher.
async fn hand_on(mut ended: FinishedRun, pages: Vec<ReplyPage>, under_way: WorkUnderWay) -> FinishedRun {
    if let Some(mut watching) = under_way.watching
        && ended.outcome.is_successful()
    {
        for page in pages {
            if let Err(error) = watching.sink.page(page).await {
                let message = soar_connector::sentence(&format!("The result is not complete here: {error}"));
                ended.outcome.warnings.push(Warning { code: "result-not-complete".to_owned(), message });
                break;
            }
        }
    }
    ended
}

//! What an answer about work means for its run.

use std::sync::Arc;
use std::time::Duration;

use soar_connector::{Failure, FollowToken, Invocation, Outcome, Plugin, Receipt};
use soar_store::model::{Run, RunStatus};
use soar_store::{FollowedSoFar, HeldRoom, StoreError};

use super::super::followed::milliseconds;
use super::super::shared::ExecutorState;
use super::failures::{conclusion, error, outcome};
use super::found::{FollowAnswer, FollowClaim, FollowedEnd};
use super::sums::Sums;

/// The shortest and the longest time between two questions.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(600);

/// A question, and what it is about.
pub(super) struct JudgedQuestion<'a> {
    pub(super) shared: &'a ExecutorState,
    pub(super) claim: &'a FollowClaim,
    pub(super) run: Run,
    pub(super) invocation: &'a Invocation,
    pub(super) plugin: &'a dyn Plugin,
    pub(super) token: FollowToken,
    pub(super) sums: Sums,
}

impl JudgedQuestion<'_> {
    /// Counts the requests of the question.
    pub(super) fn having_sent(mut self, receipt: &Receipt) -> Self {
        self.sums.add(receipt);
        self
    }

    /// The work is not over.
    pub(super) fn running(self, status: String, percent: Option<u8>, wait: Duration) -> FollowAnswer {
        let text = percent.map_or_else(|| status.clone(), |percent| format!("{status}, {percent} %"));
        self.so_far(status, percent, None, (wait, &text))
    }

    /// The product, or the host, gave no answer that says anything about the work.
    pub(super) fn unanswered(self, problem: &str, wait: Duration) -> FollowAnswer {
        let known = self.run.following.as_ref();
        let (status, percent) = known.map_or(("started".to_owned(), None), |one| (one.status.clone(), one.percent));
        let problem = soar_connector::sentence(problem);
        self.so_far(status, percent, Some(problem.clone()), (wait, &problem))
    }

    fn so_far(
        self,
        status: String,
        percent: Option<u8>,
        problem: Option<String>,
        (wait, text): (Duration, &str),
    ) -> FollowAnswer {
        let (waited, limit) = (self.claim.waited(self.shared), milliseconds(self.claim.followed.limit_ms));
        if waited >= limit {
            let failure = self.invocation.still_running(limit, text, &self.token);
            return self.failed(failure);
        }
        let wait = wait.clamp(SHORTEST, LONGEST).min(limit - waited);
        let (token, sums) = (self.token.to_string(), self.sums.text());
        FollowAnswer::SoFar(FollowedSoFar { token, sums, status, percent, problem, waited, limit, wait })
    }

    /// A user has cancelled the run. The sentence `work` says whether the work has ended.
    pub(super) fn cancelled(self, work: &str) -> FollowAnswer {
        let message = format!("The command was cancelled: A user cancelled it. {work}");
        let cure = self.invocation.follow_again(&self.token);
        let error = error(&self.run, Some(self.invocation.command()), "cancelled", &message, &cure);
        let outcome = outcome(Some(self.invocation.command()), conclusion(&self.run, error));
        self.ended(RunStatus::Cancelled, outcome)
    }

    fn failed(self, failure: Failure) -> FollowAnswer {
        let command = self.invocation.command();
        let error = self.plugin.manifest().error_tab(Some(command), failure);
        let mut last = self.sums.conclude(conclusion(&self.run, error));
        last.receipt.elapsed = self.claim.waited(self.shared);
        let outcome = outcome(Some(command), last);
        self.ended(RunStatus::Failed, outcome)
    }

    fn ended(self, status: RunStatus, outcome: Outcome) -> FollowAnswer {
        let (pages, room, redactor) = (Vec::new(), HeldRoom::default(), Arc::default());
        FollowAnswer::Ended(Box::new(FollowedEnd { run: self.run, status, outcome, pages, room, redactor }))
    }
}

/// The end of a run whose connector panicked while it was asked.
pub(super) async fn panicked(shared: &ExecutorState, claim: &FollowClaim) -> Result<FollowAnswer, StoreError> {
    let run = shared.store().reader().await?.records().run(claim.followed.run).await?;
    let message = "The connector panicked when it was asked about the work. The work goes on in the product.";
    let cure = format!("Report that to the maker of the connector. The token of the work is {}", claim.followed.token);
    let outcome = outcome(None, conclusion(&run, error(&run, None, "connector-broke-down", message, &cure)));
    let (pages, room, redactor) = (Vec::new(), HeldRoom::default(), Arc::default());
    Ok(FollowAnswer::Ended(Box::new(FollowedEnd { run, status: RunStatus::Failed, outcome, pages, room, redactor })))
}

//! Runs the commands of a connector that are followed: step by step for a host, or in one go for one caller.

use std::time::{Duration, Instant};

use tracing::{Instrument as _, info_span};

use crate::call::{HandlerCall, Report};
use crate::commands::Commands;
use crate::connector::ExecutionContext;
use crate::failure::Failure;
use crate::follow::{Follow, Poll, Polled, RunningWork, WAIT_UNANSWERED};
use crate::follow_token::FollowToken;
use crate::invocation::Invocation;
use crate::outcome::Conclusion;
use crate::progress::Step;
use crate::sink::{Collector, Sink};

impl<C: ?Sized + Sync> Commands<C> {
    /// Starts the work of a command that is followed.
    ///
    /// # Errors
    /// The conclusion of a command that started nothing.
    pub async fn start(
        &self,
        connection: &C,
        invocation: &Invocation,
        context: &ExecutionContext,
        time_limit: Duration,
    ) -> Result<(FollowToken, Conclusion), Conclusion> {
        let mut nothing = Collector::new(None, 0);
        let limit = context.time_limit.unwrap_or(time_limit);
        match self.ask(connection, (invocation, Question::Start), context, limit, &mut nothing).await {
            (Some(FollowerReply::Started(token)), conclusion) => Ok((token, conclusion)),
            (_, conclusion) => Err(conclusion),
        }
    }

    /// Asks about work that was started.
    pub async fn poll(
        &self,
        connection: &C,
        (invocation, token): (&Invocation, &FollowToken),
        context: &ExecutionContext,
        time_limit: Duration,
        sink: &mut dyn Sink,
    ) -> Polled {
        let limit = context.time_limit.unwrap_or(time_limit);
        let (answer, conclusion) =
            self.ask(connection, (invocation, Question::Poll(token)), context, limit, sink).await;
        judged(answer, conclusion)
    }

    /// Ends work that was started, if the product can. Returns whether it did.
    ///
    /// # Errors
    /// The conclusion of a failed attempt.
    pub async fn cancel(
        &self,
        connection: &C,
        (invocation, token): (&Invocation, &FollowToken),
        context: &ExecutionContext,
        time_limit: Duration,
    ) -> Result<bool, Conclusion> {
        let mut nothing = Collector::new(None, 0);
        let limit = context.time_limit.unwrap_or(time_limit);
        match self.ask(connection, (invocation, Question::Cancel(token)), context, limit, &mut nothing).await {
            (Some(FollowerReply::Cancelled(has_ended)), _) => Ok(has_ended),
            (_, conclusion) => Err(conclusion),
        }
    }

    /// Starts work, unless the caller gives a token, and follows it until it is over or `limit` has passed.
    pub(crate) async fn follow(
        &self,
        connection: &C,
        invocation: &Invocation,
        (context, limit): (&ExecutionContext, Duration),
        sink: &mut dyn Sink,
        follow: &dyn Follow<C>,
    ) -> Conclusion {
        let begun = Instant::now();
        let left = || limit.saturating_sub(begun.elapsed());
        let mut total = Conclusion { error: None, receipt: Default::default(), warnings: Vec::new() };
        total.receipt.request_id.clone_from(&context.request_id);
        let end = |mut total: Conclusion, last: Option<Conclusion>, failure: Option<Failure>| {
            if let Some(last) = last {
                total = joined(total, last);
            }
            if let Some(failure) = failure {
                total.error = Some(self.manifest().error_tab(Some(invocation.command()), failure));
            }
            total.receipt.elapsed = begun.elapsed();
            total
        };
        let mut token = match invocation.follow_token() {
            Err(failure) => return end(total, None, Some(failure)),
            Ok(Some(token)) => token,
            Ok(None) => match self.start(connection, invocation, context, left()).await {
                Err(conclusion) => return end(total, Some(conclusion), None),
                Ok((token, conclusion)) => {
                    total = joined(total, conclusion);
                    token
                }
            },
        };
        let mut status = "started".to_owned();
        loop {
            context.progress.tell(Step::Following { token: token.clone(), status: status.clone() });
            let asked = ExecutionContext { time_limit: Some(left()), ..context.clone() };
            let question = (invocation, Question::Poll(&token));
            let (answer, conclusion) = self.ask(connection, question, &asked, left(), sink).await;
            let (requests, retries) = (conclusion.receipt.requests, conclusion.receipt.retries);
            let wait = match judged(answer, conclusion) {
                Polled::Ended(conclusion) => return end(total, Some(conclusion), None),
                Polled::Unanswered { error, wait, .. } => {
                    // At the end of the time the question itself is cut short, which says nothing.
                    if !left().is_zero() {
                        status = error.message;
                    }
                    wait
                }
                Polled::Running(RunningWork { token: newer, status: word, percent, wait }, _) => {
                    token = newer;
                    status = percent.map_or_else(|| word.clone(), |percent| format!("{word}, {percent} %"));
                    wait
                }
            };
            total.receipt.requests += requests;
            total.receipt.retries += retries;
            if left().is_zero() {
                return end(total, None, Some(invocation.still_running(limit, &status, &token)));
            }
            context.progress.tell(Step::Following { token: token.clone(), status: status.clone() });
            follow.wait(connection, wait.min(left())).await;
        }
    }

    /// Asks the follower of a command one thing, within the limit.
    async fn ask(
        &self,
        connection: &C,
        (invocation, question): (&Invocation, Question<'_>),
        context: &ExecutionContext,
        limit: Duration,
        sink: &mut dyn Sink,
    ) -> (Option<FollowerReply>, Conclusion) {
        let started = Instant::now();
        let mut report = Report::default();
        let span = info_span!("follow", name = invocation.command().name, request_id = context.request_id);
        let result = match self.follower(invocation.command()) {
            Some(follow) => {
                let call = HandlerCall::new(invocation, limit, &context.progress, sink, &mut report);
                let running = tokio::time::timeout(limit, async {
                    Ok(match question {
                        Question::Start => FollowerReply::Started(follow.start(connection, call).await?),
                        Question::Poll(token) => FollowerReply::Polled(follow.poll(connection, token, call).await?),
                        Question::Cancel(token) => {
                            FollowerReply::Cancelled(follow.cancel(connection, token, call).await?)
                        }
                    })
                });
                running.instrument(span).await.unwrap_or_else(|_| Err(report.out_of_time(limit)))
            }
            None => Err(Failure::new("unknown-command", "The command is not one that is followed.")),
        };
        let (result, failure) = match result {
            Ok(result) => (Some(result), None),
            Err(failure) => (None, Some(failure)),
        };
        let error = failure.map(|failure| self.manifest().error_tab(Some(invocation.command()), failure));
        let mut receipt = report.receipt;
        receipt.request_id.clone_from(&context.request_id);
        receipt.elapsed = started.elapsed();
        (result, Conclusion { error, receipt, warnings: report.warnings })
    }
}

/// The meaning of an answer to a question about work.
fn judged(answer: Option<FollowerReply>, conclusion: Conclusion) -> Polled {
    match (answer, conclusion.error) {
        (Some(FollowerReply::Polled(Poll::Running(running))), _) => Polled::Running(running, conclusion.receipt),
        (None, Some(error)) if error.retryable => {
            Polled::Unanswered { error, wait: WAIT_UNANSWERED, receipt: conclusion.receipt }
        }
        (_, error) => Polled::Ended(Conclusion { error, ..conclusion }),
    }
}

/// A question to a follower.
enum Question<'a> {
    Start,
    Poll(&'a FollowToken),
    Cancel(&'a FollowToken),
}

/// A follower's answer.
enum FollowerReply {
    Started(FollowToken),
    Polled(Poll),
    Cancelled(bool),
}

/// The conclusion of a later step, with what earlier ones sent and said.
fn joined(earlier: Conclusion, later: Conclusion) -> Conclusion {
    let mut both = later;
    both.receipt.requests += earlier.receipt.requests;
    both.receipt.retries += earlier.receipt.retries;
    let mut warnings = earlier.warnings;
    both.warnings.retain(|warning| !warnings.contains(warning));
    warnings.append(&mut both.warnings);
    Conclusion { warnings, ..both }
}

impl Invocation {
    /// The failure of work that is not over after `limit`, with the token to follow it again.
    #[must_use]
    pub fn still_running(&self, limit: Duration, status: &str, token: &FollowToken) -> Failure {
        let (seconds, status) = (limit.as_secs_f64(), status.trim_end_matches('.'));
        let again = self.follow_again(token);
        Failure::new("still-running", format!("It is not over after {seconds} seconds ({status}). {again}"))
    }

    /// How a caller follows work again.
    #[must_use]
    pub fn follow_again(&self, token: &FollowToken) -> String {
        let input = self.command().follow.as_ref().map_or("", |follow| follow.token.as_str());
        format!("To follow it again, give {input} = {token}")
    }
}

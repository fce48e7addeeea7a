//! External commands call a vendor or another instance. They cannot run within a transaction. Under an Idempotency-Key
//! the host therefore stores the claim before the command runs and the answer after it. If the host stops in between,
//! the outcome is unknown, unless the command is idempotent. Claims are renewed and judged by the database's clock.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use soar_connector::{Parameters, RawParameters};
use soar_store::model::{AuditEntry, Caller};

use super::changes::{IdempotencyClaim, json, record};
use super::{Changes, CommandEnd, OperationError, Operations, RequestContext, boxed};
use crate::Refusal;
use crate::commands::{CommandRunner, Registered};
use crate::conflicts::until_no_conflict;
use crate::parameter_texts::check_texts;
use crate::utility::Answer;

/// The lease of a claim after its last renewal.
const CLAIMED: Duration = Duration::from_secs(30);

/// The interval between renewals of a running call's claim.
const RENEWAL: Duration = Duration::from_secs(10);

/// One call of an external command.
#[derive(Debug)]
pub struct ExternalCall<'a> {
    /// The command.
    pub command: &'a Registered,
    /// The caller, on the site of the call.
    pub caller: &'a Caller,
    /// The parameters of a connector's command. The manifest of the connection parses them.
    pub raw: &'a RawParameters,
    /// The parameters of one of the host's own commands.
    pub parameters: &'a Parameters,
}

/// The reason for which an external command has no answer, and its effect.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct ExternalError {
    /// The error.
    pub error: OperationError,
    /// The command's effect.
    pub effect: EffectWithoutAnswer,
}

/// The effect of a command without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectWithoutAnswer {
    /// The command changed nothing.
    None,
    /// The effect is unknown.
    Unknown,
    /// The command ran, but its answer could not be stored.
    Done,
}

/// The state of a call under an Idempotency-Key.
enum Claimed {
    Run,
    /// The first call stored no answer and did not renew its claim, so its effect is unknown.
    OutcomeUnknown,
}

/// The state of the claim of a call without an answer.
#[derive(Clone, Copy)]
enum Unanswered {
    /// The call counts as interrupted.
    CutOff,
    /// The next call counts as the first one.
    GivenUp,
}

impl<E: Into<OperationError>> From<E> for ExternalError {
    fn from(error: E) -> Self {
        Self { error: error.into(), effect: EffectWithoutAnswer::None }
    }
}

impl ExternalCall<'_> {
    /// Whether the command is idempotent.
    fn may_repeat(&self) -> bool {
        matches!(self.command.runner, CommandRunner::External(_))
    }

    async fn execute(&self) -> Result<Answer, Refusal> {
        let Self { command, caller, raw, parameters } = self;
        let running = async {
            match &command.runner {
                CommandRunner::Integration(commands) => commands.run(caller, &command.endpoint, (*raw).clone()).await,
                CommandRunner::External(command) => {
                    check_texts(parameters)?;
                    command.run(caller, parameters).await
                }
                CommandRunner::Utility(_) => Err(Refusal::Unable("The command is no external command.".to_owned())),
            }
        };
        AssertUnwindSafe(running).catch_unwind().await.unwrap_or(Err(Refusal::Panicked))
    }
}

impl Operations {
    /// Runs an external command, under an Idempotency-Key only once. The executor's timeout applies.
    ///
    /// # Errors
    /// [`ExternalError`] when there is no answer. The adapter then writes the audit entry.
    #[boxed]
    pub async fn run_external(
        &self,
        context: &RequestContext,
        call: &ExternalCall<'_>,
    ) -> Result<CommandEnd, ExternalError> {
        // A command that only reads runs each time, so its answer is not kept.
        let claim = if call.command.reads_only() { None } else { self.changes.claim(context)? };
        if let Some(claim) = &claim
            && let Claimed::OutcomeUnknown = self.changes.claim_run(claim, call.may_repeat()).await?
        {
            return Ok(CommandEnd { ended: Err(outcome_unknown()), is_recorded: false });
        }
        let ended = match &claim {
            None => call.execute().await,
            Some(claim) => self.changes.renewing(claim, call.execute()).await,
        };
        if matches!(ended, Err(Refusal::Panicked)) {
            let (request_id, command) = (&context.entry.request_id, &context.entry.command);
            tracing::error!(request_id, command, "a command panicked");
        }
        let changes_something = !call.command.reads_only();
        match ended {
            // The store may have failed before or after the command ran.
            Err(failure) if failure.is_failure() => {
                let effect = if changes_something { EffectWithoutAnswer::Unknown } else { EffectWithoutAnswer::None };
                if let Some(claim) = &claim {
                    let ended = self.changes.end_claim(claim, Unanswered::CutOff).await;
                    ended.map_err(|error| ExternalError { error, effect })?;
                }
                Err(ExternalError { error: failure.into(), effect })
            }
            // The call was wrong, so the command did not run.
            Err(wrong @ Refusal::Parameters(_)) => {
                if let Some(claim) = &claim {
                    self.changes.end_claim(claim, Unanswered::GivenUp).await?;
                }
                Err(wrong.into())
            }
            ended => {
                let effect = if ended.is_ok() && changes_something {
                    EffectWithoutAnswer::Done
                } else {
                    EffectWithoutAnswer::None
                };
                let end = CommandEnd { ended, is_recorded: claim.is_some() };
                if let Some(claim) = &claim {
                    let kept = self.changes.keep_end(context, claim, &end).await;
                    kept.map_err(|error| ExternalError { error, effect })?;
                }
                Ok(end)
            }
        }
    }
}

impl Changes {
    /// Claims the answer of a call before it runs.
    async fn claim_run(&self, claim: &IdempotencyClaim, may_repeat: bool) -> Result<Claimed, OperationError> {
        until_no_conflict(|| async {
            let mut transaction = self.begin().await?;
            let mut records = transaction.records();
            let now = records.now().await?;
            let claimed = match self.first_call(&mut records, claim, now + CLAIMED, now).await? {
                None => Claimed::Run,
                Some(earlier) if earlier.answer.is_some() => return Err(OperationError::Repeated(Box::new(earlier))),
                Some(earlier) if earlier.runs_until > now => return Err(OperationError::StillRunning),
                // The claim stays with the first call: if its host was only suspended, the true answer follows.
                Some(_) if !may_repeat => Claimed::OutcomeUnknown,
                Some(earlier) if records.take_over_claim(&claim.kept, &earlier, now + CLAIMED).await? => Claimed::Run,
                Some(_) => return Err(OperationError::StillRunning),
            };
            transaction.commit().await?;
            Ok(claimed)
        })
        .await
    }

    /// The result of `running`. The claim is renewed until then.
    async fn renewing<T>(&self, claim: &IdempotencyClaim, running: impl Future<Output = T>) -> T {
        tokio::pin!(running);
        loop {
            tokio::select! {
                ended = &mut running => return ended,
                () = tokio::time::sleep(RENEWAL) => self.renew(claim).await,
            }
        }
    }

    async fn renew(&self, claim: &IdempotencyClaim) {
        let renewed = async {
            let mut transaction = self.begin().await?;
            let mut records = transaction.records();
            let now = records.now().await?;
            records.extend_claim(&claim.kept, now + CLAIMED).await?;
            transaction.commit().await
        };
        if let Err(error) = renewed.await
            && !self.store.note(&error)
        {
            tracing::warn!(request_id = claim.kept.request_id, %error, "a running call could not renew its claim");
        }
    }

    /// Stores the answer and the audit entry.
    async fn keep_end(
        &self,
        context: &RequestContext,
        claim: &IdempotencyClaim,
        end: &CommandEnd,
    ) -> Result<(), OperationError> {
        let answer = json(end)?;
        let (is_failed, about) = end.summary();
        let entry = AuditEntry { accepted: !is_failed, reason: AuditEntry::kept(&about), ..context.entry.clone() };
        until_no_conflict(|| async {
            let mut transaction = self.begin().await?;
            record(&mut transaction.records(), entry.clone(), Some((claim, answer.clone()))).await?;
            Ok(transaction.commit().await?)
        })
        .await
    }

    async fn end_claim(&self, claim: &IdempotencyClaim, unanswered: Unanswered) -> Result<(), OperationError> {
        until_no_conflict(|| async {
            let mut transaction = self.begin().await?;
            let mut records = transaction.records();
            match unanswered {
                Unanswered::CutOff => {
                    let now = records.now().await?;
                    records.extend_claim(&claim.kept, now).await?;
                }
                Unanswered::GivenUp => records.give_up_claim(&claim.kept).await?,
            }
            Ok(transaction.commit().await?)
        })
        .await
    }
}

fn outcome_unknown() -> Refusal {
    Refusal::Unable(
        "The outcome of the first call under this Idempotency-Key is unknown: the host that ran it stored no answer \
         and did not renew its claim. Check the product. If the change was not made, call again under a new \
         Idempotency-Key."
            .to_owned(),
    )
}

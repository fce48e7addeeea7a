//! Operations that run, plan and apply utility commands.

use serde::{Serialize, Serializer};
use soar_connector::manifest::{Command, Effect};
use soar_connector::{Parameters, RawParameters};
use soar_store::Records;
use soar_store::model::{Caller, Moment};

use super::{Done, OperationError, Operations, RequestContext, Required, boxed};
use crate::Refusal;
use crate::parameter_texts::check_texts;
use crate::utility::{Answer, CommandResult, Plan, UtilityCommand, guarded};

/// One call of a utility command.
#[derive(Clone)]
pub struct UtilityCall<'a> {
    /// The command.
    pub command: &'a dyn UtilityCommand,
    /// Whether the command changes nothing.
    pub reads_only: bool,
    /// The caller, on the site of the call.
    pub caller: Caller,
    /// The parameters.
    pub parameters: Parameters,
}

impl<'a> UtilityCall<'a> {
    /// Checks that the site is active, and parses the parameters by `manifest`.
    ///
    /// # Errors
    /// [`Refusal::Unable`] on an inactive site; [`Refusal::Parameters`].
    pub fn parse(
        command: &'a dyn UtilityCommand,
        manifest: &Command,
        caller: Caller,
        raw: &RawParameters,
    ) -> Result<Self, Refusal> {
        if let Some(why) = caller.site.inactive() {
            return Err(Refusal::Unable(why));
        }
        let parameters = Parameters::parse(manifest, raw).map_err(Refusal::Parameters)?;
        Ok(Self { command, reads_only: manifest.effect == Effect::Read, caller, parameters })
    }

    /// The user in whose name the command acts, where the parameters give one.
    #[must_use]
    pub fn acting_for(&self) -> &str {
        self.parameters.text("Username").unwrap_or_default()
    }
}

/// The end of a call of a command.
#[derive(Debug)]
pub struct CommandEnd {
    /// The answer, or the command's refusal.
    pub ended: Result<Answer, Refusal>,
    /// Whether the call's audit entry is written. If not, the adapter writes it.
    pub is_recorded: bool,
}

impl CommandEnd {
    /// Whether the command succeeded, and the reason if not; for the audit entry.
    pub(super) fn summary(&self) -> (bool, String) {
        match &self.ended {
            Ok(answer) => (answer.return_data == CommandResult::Failed, answer.error.clone()),
            Err(refusal) => (true, refusal.to_string()),
        }
    }

    /// The answer. For a refusal its `returnData` is Failed.
    #[must_use]
    pub fn answer(self) -> Answer {
        self.ended.unwrap_or_else(|refusal| refused(&refusal))
    }
}

/// The answer that is kept for a repeat.
impl Serialize for CommandEnd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.ended {
            Ok(answer) => answer.serialize(serializer),
            Err(refusal) => refused(refusal).serialize(serializer),
        }
    }
}

fn refused(refusal: &Refusal) -> Answer {
    Answer { error: refusal.to_string(), ..Answer::ended(CommandResult::Failed) }
}

impl Operations {
    /// Runs a utility command. A refusal is kept and audited like an answer, and the command's changes are undone.
    ///
    /// # Errors
    /// [`OperationError`] when the store failed, the command timed out or it panicked. Nothing was changed then, and
    /// the adapter writes the audit entry.
    #[boxed]
    pub async fn run_utility(
        &self,
        context: &RequestContext,
        call: &UtilityCall<'_>,
    ) -> Result<CommandEnd, OperationError> {
        // A command that only reads runs each time, so its answer is not kept.
        if call.reads_only {
            let mut reader = self.reader(context).await?;
            let ended = self.ended(context, call, None, &mut reader.records(), self.now()).await?;
            return Ok(CommandEnd { ended, is_recorded: false });
        }
        self.change_by_utility(context, call, None).await
    }

    /// Plans a bulk command: returns the changes that it would make, and changes nothing.
    ///
    /// # Errors
    /// [`OperationError`], also where the command refuses or cannot be planned.
    #[boxed]
    pub async fn plan_utility(&self, context: &RequestContext, call: &UtilityCall<'_>) -> Result<Plan, OperationError> {
        check_texts(&call.parameters)?;
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let planning = call.command.plan(&mut records, &call.caller, &call.parameters, self.now());
        Ok(self.guarded(context, planning).await?)
    }

    /// Runs a planned bulk command, unless the basis of the plan has changed since.
    ///
    /// # Errors
    /// As [`run_utility`](Self::run_utility).
    #[boxed]
    pub async fn apply_utility(
        &self,
        context: &RequestContext,
        call: &UtilityCall<'_>,
        fingerprint: &str,
    ) -> Result<CommandEnd, OperationError> {
        self.change_by_utility(context, call, Some(fingerprint)).await
    }

    async fn change_by_utility(
        &self,
        context: &RequestContext,
        call: &UtilityCall<'_>,
        fingerprint: Option<&str>,
    ) -> Result<CommandEnd, OperationError> {
        let changed = self.changes.run(context, Required::CheckedByWork, |mut change| {
            Box::pin(async move {
                let records = &mut change.records;
                records.mark().await?;
                let ended = self.ended(context, call, fingerprint, records, change.now).await?;
                if ended.is_err() {
                    records.undo_to_mark().await?;
                }
                let end = CommandEnd { ended, is_recorded: true };
                let (is_failed, about) = end.summary();
                Ok(if is_failed { Done::refused(end, about) } else { Done::new(end, about) })
            })
        });
        changed.await
    }

    /// Runs the command within `records`. The inner result is the command's result.
    async fn ended(
        &self,
        context: &RequestContext,
        call: &UtilityCall<'_>,
        fingerprint: Option<&str>,
        records: &mut Records<'_>,
        now: Moment,
    ) -> Result<Result<Answer, Refusal>, Refusal> {
        let UtilityCall { command, caller, parameters, .. } = call;
        if let Err(refusal) = check_texts(parameters) {
            return Ok(Err(refusal));
        }
        let ended = match fingerprint {
            None => self.guarded(context, command.run(records, caller, parameters, now)).await,
            Some(plan) => self.guarded(context, command.apply(records, caller, parameters, now, plan)).await,
        };
        match ended {
            Err(refusal) if refusal.is_failure() => Err(refusal),
            ended => Ok(ended),
        }
    }

    /// The result of a command within the host's timeout for commands.
    pub(super) async fn guarded<T>(
        &self,
        context: &RequestContext,
        running: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let ended = guarded(self.command_timeout, running).await;
        if matches!(ended, Err(Refusal::Panicked)) {
            let (request_id, command) = (&context.entry.request_id, &context.entry.command);
            tracing::error!(request_id, command, "a command panicked");
        }
        ended
    }
}

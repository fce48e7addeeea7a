//! Runs the host's own commands from the terminal: one transaction with the entry in the audit log, as over HTTP.

use anyhow::{Result, anyhow};
use soar_connector::manifest::Command;
use soar_connector::{Parameters, RawParameters};
use soar_host::Refusal;
use soar_host::utility::{Answer, Plan, UtilityCommand};
use soar_store::Records;
use soar_store::model::{AuditEntry, Caller, Moment};

use super::{Action, OperatorSession, advised, refused};
use crate::exit::WrongUse;

/// How often a transaction is done again that lost against another one.
const ATTEMPTS: u32 = 4;

/// A utility command with its parameters and who calls it.
pub(crate) struct UtilityCall<'a> {
    session: &'a OperatorSession,
    command: &'static dyn UtilityCommand,
    caller: Caller,
    parameters: Parameters,
}

impl<'a> UtilityCall<'a> {
    /// The call, once its parameters are found right.
    ///
    /// # Errors
    /// [`WrongUse`] with everything that is wrong with the parameters.
    pub(crate) fn new(
        session: &'a OperatorSession,
        command: &'static dyn UtilityCommand,
        manifest: &Command,
        caller: Caller,
        raw: &RawParameters,
    ) -> Result<Self> {
        if let Some(why) = caller.site.inactive() {
            return Err(anyhow!(why));
        }
        let parameters = Parameters::parse(manifest, raw).map_err(|problems| WrongUse::from(&problems))?;
        Ok(Self { session, command, caller, parameters })
    }

    /// Runs it.
    pub(crate) async fn run(&self) -> Result<Answer> {
        self.change(async |records, now| self.command.run(records, &self.caller, &self.parameters, now).await).await
    }

    /// What it would change; changes nothing.
    pub(crate) async fn plan(&self) -> Result<Plan> {
        let mut reader = self.session.store.reader().await.map_err(advised)?;
        let mut records = reader.records();
        let now = self.session.now();
        self.command.plan(&mut records, &self.caller, &self.parameters, now).await.map_err(refused)
    }

    /// Runs what was planned, unless something that the plan rests on has changed since.
    pub(crate) async fn apply(&self, fingerprint: &str) -> Result<Answer> {
        self.change(async |records, now| {
            self.command.apply(records, &self.caller, &self.parameters, now, fingerprint).await
        })
        .await
    }

    async fn change(&self, work: impl AsyncFn(&mut Records<'_>, Moment) -> Result<Answer, Refusal>) -> Result<Answer> {
        let action = Action { command: self.command.endpoint(), site: &self.caller.site.name, about: "" };
        let mut attempt = 1;
        loop {
            let mut transaction = self.session.store.transaction().await.map_err(advised)?;
            let now = self.session.now();
            let (work, action) = (&work, &action);
            let ended = async move {
                let mut records = transaction.records();
                let answer = work(&mut records, now).await?;
                records.append_audit(&[self.entry(action, now, &answer.error)]).await?;
                transaction.commit().await?;
                Ok(answer)
            };
            match ended.await {
                Ok(answer) => return Ok(answer),
                Err(Refusal::Store(error)) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                Err(error) => {
                    self.session.append(self.entry(action, now, &error.to_string())).await?;
                    return Err(refused(error));
                }
            }
        }
    }

    fn entry(&self, action: &Action<'_>, now: Moment, error: &str) -> AuditEntry {
        let acting_for = self.parameters.text("Username").unwrap_or_default();
        let refused = Some(error).filter(|error| !error.is_empty());
        AuditEntry { acting_for: AuditEntry::kept(acting_for), ..self.session.entry(action, now, refused) }
    }
}

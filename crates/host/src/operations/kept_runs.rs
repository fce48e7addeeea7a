//! Operations on runs that a user starts from a page, and on their results.

use std::sync::Arc;

use soar_connector::{Invocation, RawParameters};
use soar_store::StoreError;
use soar_store::model::{AuditEntry, Connection, Right};

use super::{OperationError, Operations, RequestContext, boxed};
use crate::Refusal;
use crate::executor::{FinishedRun, Watching};
use crate::results::{EndedRun, KeptRun, KeptRunId, RunState};

impl Operations {
    /// Starts a checked call on a connection, on the site of this name. The run goes on without the caller, and its
    /// result is kept for the caller alone.
    ///
    /// # Errors
    /// [`OperationError`] when the call cannot start. What happens later is in the state of the run.
    #[boxed]
    pub async fn start_run(
        &self,
        context: &RequestContext,
        site: &str,
        connection: Connection,
        invocation: Invocation,
        parameters: RawParameters,
    ) -> Result<Arc<KeptRun>, OperationError> {
        let site = self.site(context, site).await?;
        let caller = context.caller(site.clone());
        let integration = connection.integration.clone();
        let connection = self.connections()?.choose(&caller, &[&integration], Some(&connection.name)).await?;
        let run = self.results.begin(context.user.id, site, connection, &invocation, parameters, self.now())?;
        let (operations, context, running) = (self.clone(), context.clone(), Arc::clone(&run));
        tokio::spawn(async move {
            let id = running.id;
            let ended = operations.run_kept(&context, &running, invocation).await;
            running.end(ended);
            drop(running);
            operations.results.expire(id).await;
        });
        Ok(run)
    }

    async fn run_kept(&self, context: &RequestContext, run: &KeptRun, invocation: Invocation) -> RunState {
        let sink = self.results.writer(run);
        let watching = Watching { sink, progress: run.progress(), run: Arc::clone(&run.run) };
        let (site, connection) = (run.site.name.as_str(), run.connection.clone());
        let ended = tokio::select! {
            ended = self.run_on_connection(context, site, connection, invocation, watching) => ended,
            () = run.given_up.notified() => {
                Err(Refusal::Unable("The command was cancelled before it ran.".to_owned()).into())
            }
        };
        let entry = AuditEntry { site: AuditEntry::kept(site), ..context.entry.clone() };
        let (entry, ended) = match ended {
            Ok(tried) => {
                let (value, entry) = tried.accepted(entry);
                (entry, Ok(value))
            }
            Err(error) => {
                let reason = error.to_string();
                (AuditEntry { accepted: false, reason: AuditEntry::kept(&reason), ..entry }, Err(reason))
            }
        };
        if let Err(error) = self.append_entry(entry).await {
            tracing::error!(%error, "the audit entry of a run could not be written");
            let text = "The command ran, but the host's store failed before its audit entry was written.";
            return RunState::Refused(text.to_owned());
        }
        let ended = match ended {
            Ok(started) => self.wait_for_run(started, None).await.map_err(|error| error.to_string()),
            Err(reason) => Err(reason),
        };
        match ended {
            Ok(FinishedRun { outcome, .. }) => RunState::Ended(Arc::new(EndedRun {
                return_data: outcome.return_data,
                error: outcome.error,
                receipt: outcome.receipt,
                warnings: outcome.warnings,
            })),
            Err(reason) => RunState::Refused(reason),
        }
    }

    async fn append_entry(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.store.transaction().await?;
        transaction.records().append_audit(&[entry]).await?;
        transaction.commit().await
    }

    /// A run that the caller started.
    ///
    /// # Errors
    /// [`OperationError`] when there is no such run, or the caller may no longer use connections on its site.
    pub fn kept_run(&self, context: &RequestContext, id: &str) -> Result<Arc<KeptRun>, OperationError> {
        let run = KeptRunId::parse(id).and_then(|id| self.results.of_user(context.user.id, id));
        let run = run.filter(|run| context.caller(run.site.clone()).may(Right::UseConnections, run.site.id));
        Ok(run.ok_or_else(|| StoreError::not_found("result", id))?)
    }

    /// The runs that the caller started and whose results are kept, the newest first.
    #[must_use]
    pub fn kept_runs(&self, context: &RequestContext) -> Vec<Arc<KeptRun>> {
        let mut runs = self.results.all_of_user(context.user.id);
        runs.retain(|run| context.caller(run.site.clone()).may(Right::UseConnections, run.site.id));
        runs
    }

    /// Cancels a run that the caller started.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn cancel_kept_run(&self, context: &RequestContext, id: &str) -> Result<(), OperationError> {
        let run = self.kept_run(context, id)?;
        match run.run() {
            _ if run.is_over() => {}
            Some(id) => {
                self.cancel_run(context, id).await?;
            }
            None => run.given_up.notify_one(),
        }
        Ok(())
    }
}

//! Health checks: the integration's Test Connection, run for the scheduler and not stored in the run history.

use std::time::Duration;

use serde_json::Value;
use soar_connector::{Collector, ExecutionContext, Outcome, RawParameters, Redactor};
use soar_store::model::{CheckError, CheckResult, ConnectionId};
use soar_store::{Ran, StoreError};
use tokio::time::timeout;

use super::agent::through;
use super::connectors::ReadyConnector;
use super::{Executor, FinishedRun};
use crate::Refusal;

/// The end of the code of warnings about an expiry.
const EXPIRES: &str = "-expires";

impl Executor {
    /// Checks a connection without regard to its users. The check takes no slot of commands: the scheduler limits how
    /// many checks run at once. The result goes into the history of checks.
    pub(crate) async fn check(&self, connection: ConnectionId, command: &str) -> CheckResult {
        let started = self.shared.connections.clock.elapsed();
        let result = self.outcome_of(connection, command).await;
        let elapsed = self.shared.connections.clock.elapsed().saturating_sub(started);
        let latency_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        match result {
            Ok((outcome, redactor)) => check_result(&outcome, &redactor, latency_ms),
            Err(problem) => {
                let problem = soar_connector::sentence(&problem);
                let tab =
                    format!("{command} failed. Failed to check the connector.\nStatus Code: N/A.\nMessage: {problem}");
                CheckResult { latency_ms, error: Some(CheckError { tab, code: None }), expiring: None }
            }
        }
    }

    /// Stores the result of a manual test in the history of checks.
    pub(super) async fn note_test(&self, connection: ConnectionId, finished: &FinishedRun) -> Result<(), StoreError> {
        let latency_ms = i64::try_from(finished.outcome.receipt.elapsed.as_millis()).unwrap_or(i64::MAX);
        let mut transaction = self.shared.store().transaction().await?;
        let mut records = transaction.records();
        let ended_at = records.now().await?;
        if let Some(schedule) = records.health_check(connection).await? {
            // The run history has the error with the connection's secrets masked.
            let kept = records.run(finished.run).await?.outcome;
            let kept: Option<Value> = kept.and_then(|outcome| serde_json::from_str(outcome.get()).ok());
            let tab = kept.as_ref().and_then(|kept| kept.get("errorTab")).and_then(Value::as_str);
            let mut check = check_result(&finished.outcome, &Redactor::default(), latency_ms);
            if let Some(error) = &mut check.error {
                tab.unwrap_or("Test Connection failed.").clone_into(&mut error.tab);
            }
            let started_at = ended_at - finished.outcome.receipt.elapsed;
            let ran = Ran { started_at, ended_at, node: self.shared.node.clone() };
            records.record_check(&schedule, started_at, &check, &ran).await?;
        }
        transaction.commit().await
    }

    async fn outcome_of(&self, id: ConnectionId, command: &str) -> Result<(Outcome, Redactor), String> {
        let _accepted = self.accept().map_err(|refusal| refusal.to_string())?;
        let shared = &self.shared;
        let limit = shared.settings.time_limit();
        let ran = timeout(limit, async {
            let ready = self.ready(id).await?;
            let invocation = ready.connector.manifest().invocation(command, &RawParameters::new());
            let invocation = invocation.map_err(|invalid| invalid.to_string())?;
            let mut collector = Collector::new(Some(invocation.command()), shared.settings.largest_reply_bytes);
            let context = ExecutionContext::new();
            let conclusion = ready.connector.execute_into(&invocation, &context, &mut collector).await;
            let outcome = through(collector.finish(conclusion), ready.agent.as_deref());
            Ok((outcome, Redactor::clone(&ready.redactor)))
        });
        let ran = ran.await.unwrap_or_else(|_| Err(format!("The check did not end within {} s.", limit.as_secs())));
        if !ran.as_ref().is_ok_and(|(outcome, _)| outcome.is_successful()) {
            shared.connectors.refetch_secrets(id);
        }
        ran
    }
}

impl Executor {
    /// The connector of the connection `id` in its current version.
    pub(super) async fn ready(&self, id: ConnectionId) -> Result<ReadyConnector, String> {
        let shared = &self.shared;
        let unread = |error: StoreError| match Refusal::from(error) {
            Refusal::Store(error) => {
                tracing::error!(connection = id.0, %error, "a connection could not be read");
                "The connection could not be read from the store. The host's log has the cause.".to_owned()
            }
            refusal => refusal.to_string(),
        };
        // Most connections have not changed since their last check, so only the version is read.
        let version = async { shared.store().reader().await?.records().connection_version(id).await };
        let (version, agent) = version.await.map_err(unread)?;
        // The connector of a connection with an agent depends on the agent's version too.
        if agent.is_none()
            && let Some(ready) = shared.connectors.cached(&shared.connections, id, version)
        {
            return Ok(ready);
        }
        let connection = async { shared.store().reader().await?.records().connection(id).await };
        let connection = connection.await.map_err(unread)?;
        let plugin = self.registry().named(&connection.integration).map_err(|refusal| refusal.to_string())?;
        let fetch_again = Duration::from_secs(shared.settings.fetch_secrets_seconds);
        shared.connectors.get(&shared.connections, &connection, &plugin, fetch_again).await
    }
}

/// The check result of an outcome.
fn check_result(outcome: &Outcome, redactor: &Redactor, latency_ms: i64) -> CheckResult {
    let clean = |text: String| redactor.clean(&text).into_owned();
    let expiring: Vec<_> = outcome
        .warnings
        .iter()
        .filter(|warning| warning.code.ends_with(EXPIRES))
        .map(|warning| clean(warning.message.clone()))
        .collect();
    let error = outcome.error.as_ref();
    CheckResult {
        latency_ms,
        error: error.map(|error| CheckError { tab: clean(error.to_string()), code: Some(error.code.clone()) }),
        expiring: (!expiring.is_empty()).then(|| expiring.join(" ")),
    }
}

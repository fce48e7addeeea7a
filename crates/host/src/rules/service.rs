//! The rules of a store: what is due is done until nothing is.

use std::sync::Arc;
use std::time::Duration;

use soar_store::Store;
use soar_store::model::FindingRuleId;
use tokio::sync::watch;

use super::checked::CheckedRule;
use crate::Refusal;
use crate::conflicts::until_no_conflict;
use crate::connections::Connections;
use crate::findings::{Enrichment, Findings};

/// The interval between looks for changes.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The begin of the problem of a rule that cannot go on. It is cleared when the rule goes on.
pub(super) const WAITS: &str = "The rule waits:";

/// Handles changes of findings by rules. Several hosts can share a store: a rule is locked while a host works on it. Cheap
/// to clone.
#[derive(Debug, Clone)]
pub struct Rules {
    pub(super) store: Store,
    pub(super) connections: Connections,
    pub(super) findings: Arc<Findings>,
}

impl Rules {
    /// The rules in the store of these connections.
    #[must_use]
    pub fn new(connections: Connections, findings: Arc<Findings>) -> Self {
        Self { store: connections.store.clone(), connections, findings }
    }

    /// The values about CVEs for a rule. A rule with a condition on them waits while a file cannot be used.
    pub(super) async fn values_for(&self, checked: &CheckedRule) -> Result<Arc<Enrichment>, Refusal> {
        if checked.needs_values() { self.findings.enrichment().await } else { Ok(self.findings.known_values().await) }
    }

    /// Does what is due until `stop` is true.
    pub(crate) async fn serve(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            self.run_due().await;
            tokio::select! {
                stopped = stop.wait_for(|stop| *stop) => {
                    if stopped.is_err() {
                        break;
                    }
                }
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
        }
    }

    /// Does all that is due now. What fails is logged, and is done later.
    pub async fn run_due(&self) {
        let due = match self.due().await {
            Ok(due) => due,
            Err(error) => return self.log(&error),
        };
        for rule in due {
            match self.run_rule(rule).await {
                Ok(()) => {}
                Err(Refusal::Store(error)) => self.log(&Refusal::Store(error)),
                Err(refused) => {
                    if let Err(error) = self.waits(rule, &refused).await {
                        self.log(&error);
                    }
                }
            }
        }
    }

    async fn due(&self) -> Result<Vec<FindingRuleId>, Refusal> {
        Ok(self.store.reader().await?.records().due_finding_rules().await?)
    }

    /// Does all that is due by one rule.
    async fn run_rule(&self, rule: FindingRuleId) -> Result<(), Refusal> {
        while until_no_conflict(|| self.step(rule)).await? {}
        Ok(())
    }

    /// Records why a rule cannot go on. It tries again later.
    pub(super) async fn waits(&self, rule: FindingRuleId, why: &Refusal) -> Result<(), Refusal> {
        let problem = format!("{WAITS} {}", soar_connector::sentence(&why.to_string()));
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        let Some(stored) = records.lock_finding_rule(rule).await? else { return Ok(()) };
        if stored.problem.as_deref() != Some(problem.as_str()) {
            tracing::warn!(rule = stored.name, "{problem}");
            records.finding_rule_handled(rule, stored.after, Some(&problem)).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    fn log(&self, error: &Refusal) {
        let is_noted = matches!(error, Refusal::Store(error) if self.store.note(error));
        if !is_noted {
            tracing::error!("A rule on findings could not be applied. The host tries again. {error}");
        }
    }
}

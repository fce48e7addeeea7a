//! Finds destinations to which alerts or changes of findings could not be delivered for a long time.

use std::time::Duration;

use async_trait::async_trait;
use soar_store::model::Moment;
use soar_store::{FindingDelivery, StoreError, StuckMessages};

use super::{DoctorCheck, DoctorFinding, Examined};
use crate::alerts::failing_since;

/// The time after which failed attempts are a finding.
const STUCK_AFTER: Duration = Duration::from_secs(60 * 60);

/// The check of deliveries.
pub(super) struct DeliveriesCheck;

#[async_trait]
impl DoctorCheck for DeliveriesCheck {
    fn name(&self) -> &'static str {
        "deliveries"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let mut reader = instance.store.reader().await?;
        let mut records = reader.records();
        let before = records.now().await? - STUCK_AFTER;
        let stuck = records.stuck_messages().await?;
        let mut found: Vec<_> = stuck.into_iter().filter_map(|one| of_alerts(one, before)).collect();
        found.extend(records.finding_deliveries().await?.into_iter().filter_map(|one| of_findings(one, before)));
        Ok(found)
    }
}

/// The finding about alerts whose attempts have failed since `before` or longer.
fn of_alerts(stuck: StuckMessages, before: Moment) -> Option<DoctorFinding> {
    let StuckMessages { destination, waiting, created_at, attempts, next_attempt_at, last_error } = stuck;
    // An attempt under way counts as a failed one until it ends.
    let since = failing_since(attempts, next_attempt_at).max(created_at);
    if since > before {
        return None;
    }
    Some(DoctorFinding {
        check: DeliveriesCheck.name(),
        problem: format!(
            "Undelivered alerts: {waiting}. Attempts have failed since {since}, the last one: {last_error}"
        ),
        place: format!("alerts to {destination}"),
        cure: "Correct the cause: the next attempt is within an hour. `footprint alert waiting` lists the alerts. For a new \
               destination change the connection, the schedule or the rule."
            .to_owned(),
    })
}

/// The finding about a delivery whose attempts have failed since `before` or longer.
fn of_findings(delivery: FindingDelivery, before: Moment) -> Option<DoctorFinding> {
    let FindingDelivery { id, destination, after, attempts, next_at, problem, .. } = delivery;
    let since = failing_since(attempts, next_at);
    if attempts == 0 || since > before {
        return None;
    }
    let problem = problem.unwrap_or_default();
    Some(DoctorFinding {
        check: DeliveriesCheck.name(),
        problem: format!(
            "The changes of findings after {after} have not arrived since {since}. {attempts} attempts failed, the last \
             one: {problem}"
        ),
        place: format!("delivery {id} to {destination}"),
        cure: format!(
            "Correct the cause: the next attempt is within an hour. `footprint findings delivery remove {id}` ends the \
             delivery."
        ),
    })
}

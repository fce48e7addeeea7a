//! Bulk commands decide about each item first and then make all changes. Running, planning and applying use the same
//! decision.

use async_trait::async_trait;
use soar_connector::Parameters;
use soar_store::Records;
use soar_store::model::{Caller, Moment};

use super::plan::{Ground, Plan, PlannedItem};
use super::{Answer, UtilityCommand};
use crate::Refusal;

/// A command that separates the decision from the changes.
#[async_trait]
pub(super) trait BulkCommand: Send + Sync {
    /// The command's name in the manifest.
    const NAME: &'static str;

    /// The last part of the command's address.
    const ENDPOINT: &'static str;

    /// The decision about each item.
    type Decision: Decision;

    /// Decides about each item. Locks the rows that would change, and changes nothing.
    async fn decide(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        now: Moment,
    ) -> Result<Self::Decision, Refusal>;

    /// Makes the decided changes.
    async fn carry_out(
        &self,
        records: &mut Records<'_>,
        decision: Self::Decision,
        now: Moment,
    ) -> Result<Answer, Refusal>;
}

/// The decision about each item.
pub(super) trait Decision: Send {
    /// The basis of the decision besides the items, such as the new site, in any form.
    fn surroundings(&self) -> String;

    /// The planned changes of each item, with the basis of the decision about it in any form.
    fn items(&self) -> Vec<(PlannedItem, String)>;
}

/// A [`BulkCommand`] as a [`UtilityCommand`].
#[derive(Debug)]
pub(super) struct Planned<T>(pub(super) T);

fn ground<D: Decision>(
    command: &str,
    caller: &Caller,
    parameters: &Parameters,
    decision: &D,
) -> (Ground, Vec<PlannedItem>) {
    let items = decision.items();
    let grounds = items.iter().map(|(planned, ground)| (planned.item.clone(), format!("{ground} {planned:?}")));
    let ground = Ground::new(command, caller, parameters, &decision.surroundings(), grounds);
    (ground, items.into_iter().map(|(planned, _)| planned).collect())
}

#[async_trait]
impl<T: BulkCommand> UtilityCommand for Planned<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn endpoint(&self) -> &'static str {
        T::ENDPOINT
    }

    async fn run(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        let decision = self.0.decide(records, caller, parameters, now).await?;
        self.0.carry_out(records, decision, now).await
    }

    fn can_plan(&self) -> bool {
        true
    }

    async fn plan(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        now: Moment,
    ) -> Result<Plan, Refusal> {
        let decision = self.0.decide(records, caller, parameters, now).await?;
        let (ground, items) = ground(T::NAME, caller, parameters, &decision);
        Ok(Plan { command: T::NAME.to_owned(), items, fingerprint: ground.fingerprint() })
    }

    async fn apply(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        now: Moment,
        fingerprint: &str,
    ) -> Result<Answer, Refusal> {
        let decision = self.0.decide(records, caller, parameters, now).await?;
        let (ground, _) = ground(T::NAME, caller, parameters, &decision);
        match ground.moved_since(fingerprint) {
            Some(moved) => Err(Refusal::Unable(moved)),
            None => self.0.carry_out(records, decision, now).await,
        }
    }
}

//! Operations on collections: each reads the findings of tenants, and has one result per tenant.

use serde::Serialize;
use soar_store::model::{CollectionId, FindingSnapshot};
use utoipa::ToSchema;

use super::super::{Done, OperationError, Operations, RequestContext, boxed};
use crate::findings::{CollectionProblem, CollectionToMake, FindingCollector, PlannedCollection};

/// A collection, with one result per tenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CollectionShown {
    /// Its id in this instance.
    #[schema(value_type = i64)]
    pub id: CollectionId,
    /// Whether all tenants were read, or tried.
    pub ended: bool,
    /// The result of each tenant, in the order of their turns.
    pub tenants: Vec<FindingSnapshot>,
    /// Connections whose tenants could not be listed when the collection was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<CollectionProblem>,
}

impl CollectionShown {
    fn new(id: CollectionId, tenants: Vec<FindingSnapshot>, problems: Vec<CollectionProblem>) -> Self {
        Self { id, ended: tenants.iter().all(|tenant| tenant.ended_at.is_some()), tenants, problems }
    }
}

impl Operations {
    /// Records a collection of the findings of tenants. The hosts that serve the instance share its tenants. The products
    /// are asked for their tenants first.
    ///
    /// # Errors
    /// [`OperationError`] when nothing can be collected.
    #[boxed]
    pub async fn collect_findings(
        &self,
        context: &RequestContext,
        wanted: &CollectionToMake,
    ) -> Result<CollectionShown, OperationError> {
        let mut usable = {
            let mut reader = self.reader(context).await?;
            let mut records = reader.records();
            let caller = context.caller_anywhere(&mut records).await?;
            self.connections()?.list_in(&mut records, &caller).await?
        };
        usable.sort_by_key(|connection| connection.id);
        let planned = PlannedCollection::new(self.executor()?, usable, wanted).await?;
        let (planned, user) = (&planned, context.user.name.as_str());
        self.changes
            .run_as_caller(context, |mut change, _| {
                Box::pin(async move {
                    let id = planned.create(&mut change.records, user).await?;
                    let tenants = change.records.finding_collection(id).await?;
                    let about = format!("collection {id}: {} tenants", tenants.len());
                    Ok(Done::new(CollectionShown::new(id, tenants, planned.problems.clone()), about))
                })
            })
            .await
    }

    /// A collection, as far as it has come. Tenants of connections that the caller may not see are left out.
    ///
    /// # Errors
    /// [`OperationError`] when there is no such collection.
    #[boxed]
    pub async fn finding_collection(
        &self,
        context: &RequestContext,
        id: CollectionId,
    ) -> Result<CollectionShown, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        let mut tenants = records.finding_collection(id).await?;
        let connections = tenants.iter().map(|tenant| tenant.connection_id).collect();
        let seen = self.connections()?.names_seen(&mut records, &caller, connections).await?;
        tenants.retain(|tenant| seen.contains_key(&tenant.connection_id));
        Ok(CollectionShown::new(id, tenants, Vec::new()))
    }

    /// The latest collection that has not ended.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn unfinished_collection(
        &self,
        context: &RequestContext,
    ) -> Result<Option<CollectionId>, OperationError> {
        Ok(self.reader(context).await?.records().unfinished_finding_collection().await?)
    }

    /// Reads the tenants of a collection in this process, together with other hosts, applies the rules to what changed, and
    /// returns once all were read or tried. `on_progress` gets the results so far.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn finish_collection(
        &self,
        id: CollectionId,
        on_progress: &(dyn Fn(&[FindingSnapshot]) + Send + Sync),
    ) -> Result<CollectionShown, OperationError> {
        let collector = FindingCollector::new(self.executor()?.clone(), self.findings.settings().clone());
        let tenants = collector.finish(id, on_progress).await?;
        // A host that serves the instance would do so too. The caller's collection need not wait for one.
        self.rules()?.run_due().await;
        Ok(CollectionShown::new(id, tenants, Vec::new()))
    }
}

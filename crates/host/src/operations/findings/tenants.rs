//! Operations on the tenants whose findings were collected.

use serde::Serialize;
use soar_connector::name::quoted;
use soar_store::model::{ConnectionId, FindingSnapshot};
use utoipa::ToSchema;

use super::super::{Done, OperationError, Operations, RequestContext, boxed};

/// What a collection does about a tenant that was removed.
const LATER: &str =
    "A later collection that names the tenant, or finds it in the product's list, begins again with a baseline.";

/// A tenant whose findings were removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantRemoved {
    /// The id of the connection.
    #[schema(value_type = i64)]
    pub connection_id: ConnectionId,
    /// The name of the connection.
    pub connection: String,
    /// The product's id of the tenant.
    pub tenant: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// What a later collection does about the tenant, as a sentence.
    pub later: String,
}

impl Operations {
    /// The last result of each tenant.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn finding_tenants(&self, context: &RequestContext) -> Result<Vec<FindingSnapshot>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let feeds = self.seen_feeds(context, &mut records).await?;
        Ok(records.last_finding_snapshots(&feeds).await?)
    }

    /// Removes a tenant of a connection from the findings: its findings, devices and changes are no longer shown, and the
    /// hosts delete them in parts. A collection that is under way goes on without it. Incidents about its findings stay.
    ///
    /// # Errors
    /// [`OperationError`] when no findings of the tenant were collected, or the right to manage the connection is missing.
    #[boxed]
    pub async fn remove_finding_tenant(
        &self,
        context: &RequestContext,
        connection: ConnectionId,
        tenant: &str,
    ) -> Result<TenantRemoved, OperationError> {
        let connections = self.connections()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let managed = connections.managed_in(records, &caller, connection).await?;
                    let feed = records.remove_finding_feed(connection, tenant).await?;
                    let about = match feed.tenant.as_str() {
                        "" => managed.name.clone(),
                        id => format!("{}: tenant {id} {}", managed.name, quoted(&feed.tenant_name)),
                    };
                    let removed = TenantRemoved {
                        connection_id: connection,
                        connection: managed.name,
                        tenant: feed.tenant,
                        tenant_name: feed.tenant_name,
                        later: LATER.to_owned(),
                    };
                    Ok(Done::new(removed, about).on(managed.place.name()))
                })
            })
            .await
    }
}

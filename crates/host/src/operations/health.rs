//! The health of connections, and the alerts about it.

use soar_store::WaitingMessage;
use soar_store::model::{ConnectionId, HealthState, Moment};

use super::{OperationError, Operations, RequestContext};
use crate::health::{ConnectionHistory, HealthFilter, HealthTable};

impl Operations {
    /// The health of at most `limit` connections by their health checks, the worst first.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn list_health(
        &self,
        context: &RequestContext,
        site: Option<&str>,
        state: Option<HealthState>,
        limit: Option<i64>,
    ) -> Result<HealthTable, OperationError> {
        let mut reader = self.reader().await?;
        let mut records = reader.records();
        let site = match site {
            None => None,
            Some(name) => Some(context.site(&mut records, name).await?.id),
        };
        let caller = context.caller_anywhere(&mut records).await?;
        let filter = HealthFilter { site, state, limit };
        Ok(self.connections()?.health_in(&mut records, &caller, &filter).await?)
    }

    /// The history of a connection's health checks, the latest first: at most `limit` of those due before `before`.
    ///
    /// # Errors
    /// [`OperationError`] when there is no such connection that the caller may see.
    pub async fn health_history(
        &self,
        context: &RequestContext,
        id: ConnectionId,
        before: Option<Moment>,
        limit: i64,
    ) -> Result<ConnectionHistory, OperationError> {
        let mut reader = self.reader().await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.connections()?.health_history_in(&mut records, &caller, id, before, limit).await?)
    }

    /// At most `limit` alerts that were not delivered yet, the oldest first, and why.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    pub async fn list_waiting_alerts(
        &self,
        context: &RequestContext,
        limit: i64,
    ) -> Result<Vec<WaitingMessage>, OperationError> {
        context.must_administer()?;
        Ok(self.reader().await?.records().waiting_messages(limit).await?)
    }
}

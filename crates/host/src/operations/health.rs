//! Operations on the health of connections and on alerts.

use std::collections::HashMap;

use soar_store::WaitingMessage;
use soar_store::model::{ConnectionId, HealthState, Moment};

use super::{OperationError, Operations, RequestContext, boxed};
use crate::health::{ConnectionHistory, HealthCharts, HealthFilter, HealthTable};

impl Operations {
    /// The health of connections by their health checks, the worst first. With `site`, only of the connections of the
    /// site of this name.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn list_health(
        &self,
        context: &RequestContext,
        site: Option<&str>,
        filter: HealthFilter,
    ) -> Result<HealthTable, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let site = match site {
            None => filter.site,
            Some(name) => Some(context.site(&mut records, name).await?.id),
        };
        let caller = context.caller_anywhere(&mut records).await?;
        let filter = HealthFilter { site, ..filter };
        Ok(self.connections()?.health_in(&mut records, &caller, &filter).await?)
    }

    /// The states of those of these connections that the caller may see.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn health_states(
        &self,
        context: &RequestContext,
        ids: Vec<ConnectionId>,
    ) -> Result<HashMap<ConnectionId, HealthState>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.connections()?.health_states_in(&mut records, &caller, ids).await?)
    }

    /// The charts of a connection. Days begin `offset` hours before the days of UTC.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such connection.
    #[boxed]
    pub async fn health_charts(
        &self,
        context: &RequestContext,
        id: ConnectionId,
        offset: i64,
    ) -> Result<HealthCharts, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.connections()?.health_charts_in(&mut records, &caller, id, offset).await?)
    }

    /// The health of a connection with at most `limit` checks that were due before `before`, the latest first.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such connection.
    #[boxed]
    pub async fn health_history(
        &self,
        context: &RequestContext,
        id: ConnectionId,
        before: Option<Moment>,
        limit: i64,
    ) -> Result<ConnectionHistory, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.connections()?.health_history_in(&mut records, &caller, id, before, limit).await?)
    }

    /// At most `limit` undelivered alerts with the reason, the oldest first.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn list_waiting_alerts(
        &self,
        context: &RequestContext,
        limit: i64,
    ) -> Result<Vec<WaitingMessage>, OperationError> {
        context.must_administer()?;
        Ok(self.reader(context).await?.records().waiting_messages(limit).await?)
    }
}

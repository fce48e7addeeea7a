//! The charts of connections: the latest checks, and the checks by day.

use soar_store::model::{Caller, Check, ConnectionId, DayUptime, Moment};
use soar_store::{Records, StoreError};

use crate::Refusal;
use crate::connections::Connections;

/// The number of latest checks in a chart.
const CHECKS: i64 = 24;

/// The charts of a connection.
#[derive(Debug, Clone, Default)]
pub struct HealthCharts {
    /// The latest checks, the oldest first.
    pub checks: Vec<Check>,
    /// The checks of the last 30 days, by day. Days without checks are left out.
    pub days: Vec<DayUptime>,
}

impl Connections {
    /// The charts of a connection. Days begin `offset` hours before the days of UTC.
    ///
    /// # Errors
    /// [`Refusal`] when the caller may see no such connection.
    pub(crate) async fn health_charts_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
        offset: i64,
    ) -> Result<HealthCharts, Refusal> {
        let connection = self.see_in(records, caller, id).await?;
        let now = records.now().await?;
        let uptimes = records.uptimes(&[connection.id], now, offset).await?.remove(&connection.id);
        let days = uptimes.unwrap_or_default().days;
        Ok(HealthCharts { checks: latest_checks(records, connection.id).await?, days })
    }
}

/// The latest checks of a connection, the oldest first.
pub(super) async fn latest_checks(records: &mut Records<'_>, id: ConnectionId) -> Result<Vec<Check>, StoreError> {
    let mut checks = records.checks(id, Moment::MAX, CHECKS).await?;
    checks.reverse();
    Ok(checks)
}

//! The charts of connections: the latest checks, and the checks by day.

use std::collections::HashMap;
use std::time::Duration;

use soar_store::model::{Caller, Check, ConnectionId, DayUptime, Moment};
use soar_store::{Records, StoreError};

use crate::Refusal;
use crate::connections::Connections;

/// The number of latest checks in a chart.
const CHECKS: i64 = 24;

/// The time that the days of a chart span. The store keeps the counts of each hour for 31 days.
const SPAN: Duration = Duration::from_secs(30 * 24 * 3_600);

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
        let days = records.uptime_days(&[connection.id], now - SPAN, offset).await?;
        Ok(HealthCharts { checks: latest(records, connection.id).await?, days })
    }
}

/// The latest checks of a connection, the oldest first.
async fn latest(records: &mut Records<'_>, id: ConnectionId) -> Result<Vec<Check>, StoreError> {
    let mut checks = records.checks(id, Moment::MAX, CHECKS).await?;
    checks.reverse();
    Ok(checks)
}

/// The charts of connections, in the order of `ids`. Days begin `offset` hours before the days of UTC.
pub(super) async fn charts(
    records: &mut Records<'_>,
    ids: &[ConnectionId],
    now: Moment,
    offset: i64,
) -> Result<Vec<HealthCharts>, StoreError> {
    let mut days: HashMap<ConnectionId, Vec<DayUptime>> = HashMap::new();
    for day in records.uptime_days(ids, now - SPAN, offset).await? {
        days.entry(day.connection_id).or_default().push(day);
    }
    let mut charts = Vec::with_capacity(ids.len());
    for id in ids {
        let checks = latest(records, *id).await?;
        charts.push(HealthCharts { checks, days: days.remove(id).unwrap_or_default() });
    }
    Ok(charts)
}

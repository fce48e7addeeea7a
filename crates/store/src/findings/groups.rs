//! Counts findings by device, by CVE and by tenant.

use super::lookup::{FilterConditions, FindingFilter};
use crate::model::access::text_enum;
use crate::model::{ConnectionId, FeedId, Moment};
use crate::{Records, StoreError};

text_enum! {
    /// By what findings are counted.
    pub enum FindingGrouping {
        /// By device.
        Device = "device",
        /// By CVE.
        Cve = "cve",
        /// By tenant.
        Tenant = "tenant",
    }
}

/// The findings of a device, a CVE or a tenant.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct FindingGroup {
    /// The CVE, or the product's id of the device or of the tenant; empty for findings without a CVE.
    pub key: String,
    /// The name of the device or the tenant; empty where it is not known.
    pub name: String,
    /// The address of the device; empty where it is not known.
    pub address: String,
    /// The connection of a device or a tenant; one of them for a CVE.
    pub connection_id: ConnectionId,
    /// The tenant of a device.
    pub tenant_name: String,
    /// The number of devices with findings.
    pub devices: i64,
    /// The findings that are open.
    pub open: i64,
    /// All findings that the last whole snapshot had.
    pub listed: i64,
    /// The highest CVSS base score of those that are open; below 0 where none is known.
    pub worst_cvss: f64,
    /// The last change of a finding.
    pub changed_at: Moment,
}

impl Records<'_> {
    /// At most `limit` groups of findings of these tenants after the first `offset` groups: those with the most open findings
    /// first. The filter's order and position have no effect.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_groups(
        &mut self,
        feeds: &[FeedId],
        filter: &FindingFilter,
        grouping: FindingGrouping,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<FindingGroup>, StoreError> {
        let device = "FROM finding_devices d WHERE d.feed_id = g.feed AND d.device = g.device";
        let (by, key, name, address) = match grouping {
            FindingGrouping::Device => (
                "n.feed_id, n.device",
                format!("COALESCE((SELECT d.product_id {device}), g.device)"),
                format!("COALESCE((SELECT d.name {device}), '')"),
                format!("COALESCE((SELECT d.address {device}), '')"),
            ),
            FindingGrouping::Cve => ("n.cve", "g.cve".to_owned(), "''".to_owned(), "''".to_owned()),
            FindingGrouping::Tenant => {
                ("n.feed_id", "f.tenant".to_owned(), "f.tenant_name".to_owned(), "''".to_owned())
            }
        };
        // The devices of one tenant need no other name.
        let distinct = match grouping {
            FindingGrouping::Cve => "CAST(n.feed_id AS TEXT) || '.' || n.device",
            FindingGrouping::Device | FindingGrouping::Tenant => "n.device",
        };
        let conditions = FilterConditions::new(self.engine, feeds, filter);
        let open = "n.listed = 1 AND n.status IN ('open', 'reopened')";
        let cvss = self.engine.json_number("n.content", "cvss");
        let sql = format!(
            "SELECT {key} AS key, {name} AS name, {address} AS address, f.connection_id, f.tenant_name, g.devices, g.open,
                    g.listed, g.worst_cvss, g.changed_at
             FROM (SELECT MIN(n.feed_id) AS feed, MIN(n.device) AS device, MIN(n.cve) AS cve,
                          COUNT(DISTINCT {distinct}) AS devices,
                          CAST(SUM(CASE WHEN {open} THEN 1 ELSE 0 END) AS BIGINT) AS open,
                          CAST(SUM(n.listed) AS BIGINT) AS listed,
                          CAST(MAX(CASE WHEN {open} THEN {cvss} ELSE -1 END) AS DOUBLE PRECISION) AS worst_cvss,
                          MAX(n.changed_at) AS changed_at
                   FROM findings n JOIN finding_feeds f ON f.id = n.feed_id
                   WHERE {} GROUP BY {by}) g
             JOIN finding_feeds f ON f.id = g.feed
             ORDER BY g.open DESC, g.worst_cvss DESC, g.feed, g.device, g.cve LIMIT $7 OFFSET $8",
            conditions.sql()
        );
        let query = conditions.bind(sqlx::query_as(sqlx::AssertSqlSafe(sql))).bind(limit).bind(offset);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}

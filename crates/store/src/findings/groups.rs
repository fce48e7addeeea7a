//! Counts findings by device, by CVE and by tenant.
//!
//! The groups of all listed findings are counted once, when a reading of their tenant ends. Those of a narrower filter are
//! counted from the findings each time.

use super::collections::SnapshotClaim;
use super::lookup::FindingFilter;
use super::stage::StagedSnapshot;
use crate::columns::from_row;
use crate::model::access::text_enum;
use crate::model::{ConnectionId, FeedId, Moment};
use crate::{Engine, Records, StoreError};

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
#[derive(Debug, Clone, PartialEq)]
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

from_row! {
    FindingGroup: key, name, address, connection_id, tenant_name, devices, open, listed, worst_cvss, changed_at,
}

/// The columns of groups of the findings `n`, which are read one by one.
fn sums(engine: Engine) -> String {
    let open = "n.listed = 1 AND n.status IN ('open', 'reopened')";
    let cvss = engine.json_number("n.content", "cvss");
    format!(
        "CAST(SUM(CASE WHEN {open} THEN 1 ELSE 0 END) AS BIGINT) AS open, CAST(SUM(n.listed) AS BIGINT) AS listed,
         CAST(MAX(CASE WHEN {open} THEN {cvss} ELSE -1 END) AS DOUBLE PRECISION) AS worst_cvss,
         MAX(n.changed_at) AS changed_at"
    )
}

/// The columns of groups that were counted when a reading ended.
const COUNTED_SUMS: &str = "CAST(SUM(n.open) AS BIGINT) AS open, CAST(SUM(n.listed) AS BIGINT) AS listed,
    MAX(n.worst_cvss) AS worst_cvss, MAX(n.changed_at) AS changed_at";

impl FindingFilter {
    /// Whether it chooses findings by their tenant only, so that the groups of all findings are its groups.
    fn is_of_tenants(&self) -> bool {
        let is_unset = |value: &Option<String>| value.as_deref().unwrap_or_default().is_empty();
        [&self.search, &self.cve, &self.device, &self.status].into_iter().all(is_unset) && !self.with_gone
    }
}

impl StagedSnapshot {
    /// Counts the groups of a claimed snapshot's tenant again, if its findings changed since they were counted. The caller has
    /// written all changes of the snapshot.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another host has taken over the snapshot.
    pub async fn count_groups(&mut self, claim: &SnapshotClaim) -> Result<(), StoreError> {
        let feed = claim.feed.id;
        let is_grouped = sqlx::query_scalar("SELECT grouped FROM finding_feeds WHERE id = $1").bind(feed);
        if is_grouped.fetch_optional(&mut *self.records().connection).await? != Some(0_i64) {
            return Ok(());
        }
        let counted = self.counted_groups(feed).await?;
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        records.must_hold(claim).await?;
        records.replace_groups(feed, counted).await?;
        transaction.commit().await
    }

    /// The groups of a feed, for [`Records::replace_groups`].
    pub(crate) async fn counted_groups(&mut self, feed: FeedId) -> Result<Vec<(&'static str, String)>, StoreError> {
        let engine = self.store.engine;
        let mut counted = Vec::new();
        for (kind, name, devices) in [("device", "device", "1"), ("cve", "cve", "COUNT(DISTINCT n.device)")] {
            let sql = format!(
                "SELECT {} FROM (SELECT n.{name} AS name, {devices} AS devices, {} FROM findings n
                                 WHERE n.feed_id = $1 AND n.listed = 1 GROUP BY n.{name}) AS g",
                engine.gathered("name, devices, open, listed, worst_cvss, changed_at"),
                sums(engine),
            );
            let groups = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql)).bind(feed);
            counted.push((kind, groups.fetch_one(&mut *self.records().connection).await?));
        }
        Ok(counted)
    }
}

impl Records<'_> {
    /// Notes that findings of a feed changed since its groups were counted.
    pub(super) async fn mark_ungrouped(&mut self, feed: FeedId) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE finding_feeds SET grouped = 0 WHERE id = $1 AND grouped = 1").bind(feed);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Replaces the groups of a feed: by kind, arrays of the columns of groups as JSON.
    pub(crate) async fn replace_groups(
        &mut self,
        feed: FeedId,
        counted: Vec<(&str, String)>,
    ) -> Result<(), StoreError> {
        let deleted = sqlx::query("DELETE FROM finding_groups WHERE feed_id = $1").bind(feed);
        deleted.execute(&mut *self.connection).await?;
        let (from, cell) = self.engine.table_of_arrays("$3");
        let number = |at: usize, kind: &str| format!("CAST({cell} ->> {at} AS {kind})");
        let numbers: Vec<_> =
            (1..=5).map(|at| number(at, if at == 4 { "DOUBLE PRECISION" } else { "BIGINT" })).collect();
        let sql = format!(
            "INSERT INTO finding_groups (feed_id, kind, name, devices, open, listed, worst_cvss, changed_at)
             SELECT $1, $2, {cell} ->> 0, {} FROM {from}",
            numbers.join(", ")
        );
        for (kind, groups) in counted {
            let query = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).bind(feed).bind(kind.to_owned()).bind(groups);
            query.execute(&mut *self.connection).await?;
        }
        let query = sqlx::query("UPDATE finding_feeds SET grouped = 1 WHERE id = $1").bind(feed);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// At most `limit` groups of findings of these tenants after the first `offset` groups: those with the most open findings
    /// first. The filter's order and position have no effect. Without a filter, or with one of a tenant, the groups are those
    /// that the last reading of each tenant left.
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
        let conditions = self.filter_conditions(feeds, filter).await?;
        let is_counted = filter.is_of_tenants();
        // The counted groups of devices and of CVEs are rows. Those of a tenant are the sum of its devices.
        let (table, kind, device_column, cve_column) = match (is_counted, grouping) {
            (false, FindingGrouping::Cve) => (conditions.table.as_str(), "", "''", "n.cve"),
            (false, _) => (conditions.table.as_str(), "", "n.device", "n.cve"),
            (true, FindingGrouping::Cve) => ("finding_groups n", "n.kind = 'cve' AND", "''", "n.name"),
            (true, _) => ("finding_groups n", "n.kind = 'device' AND", "n.name", "''"),
        };
        let (by, key, name, address) = match grouping {
            FindingGrouping::Device => (
                format!("n.feed_id, {device_column}"),
                format!("COALESCE((SELECT d.product_id {device}), g.device)"),
                format!("COALESCE((SELECT d.name {device}), '')"),
                format!("COALESCE((SELECT d.address {device}), '')"),
            ),
            FindingGrouping::Cve => (cve_column.to_owned(), "g.cve".to_owned(), "''".to_owned(), "''".to_owned()),
            FindingGrouping::Tenant => {
                ("n.feed_id".to_owned(), "f.tenant".to_owned(), "f.tenant_name".to_owned(), "''".to_owned())
            }
        };
        let (devices, sums) = match (is_counted, grouping) {
            (true, _) => ("CAST(SUM(n.devices) AS BIGINT)", COUNTED_SUMS.to_owned()),
            (false, FindingGrouping::Cve) => {
                ("COUNT(DISTINCT CAST(n.feed_id AS TEXT) || '.' || n.device)", sums(self.engine))
            }
            // The devices of one tenant need no other name.
            (false, FindingGrouping::Device | FindingGrouping::Tenant) => {
                ("COUNT(DISTINCT n.device)", sums(self.engine))
            }
        };
        let condition = if is_counted { conditions.of_tenants() } else { conditions.sql() };
        let sql = format!(
            "SELECT {key} AS key, {name} AS name, {address} AS address, f.connection_id, f.tenant_name, g.devices, g.open,
                    g.listed, g.worst_cvss, g.changed_at
             FROM (SELECT MIN(n.feed_id) AS feed, MIN({device_column}) AS device, MIN({cve_column}) AS cve,
                          {devices} AS devices, {sums}
                   FROM {table} JOIN finding_feeds f ON f.id = n.feed_id
                   WHERE {kind} {condition} GROUP BY {by}) g
             JOIN finding_feeds f ON f.id = g.feed
             ORDER BY g.open DESC, g.worst_cvss DESC, g.feed, g.device, g.cve LIMIT $9 OFFSET $10"
        );
        let query = conditions.bind(sqlx::query_as(sqlx::AssertSqlSafe(sql))).bind(limit).bind(offset);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}

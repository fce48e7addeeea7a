//! The incidents that rules made, and their findings.

use std::time::Duration;

use crate::columns::{Flag, from_row};
use crate::model::{FindingRuleId, HeldStatus, Incident, IncidentFinding, IncidentId, SiteId};
use crate::rows::{InsertedValue, identifiers};
use crate::{LongTexts, Records, SearchOrder, StoreError};

/// An open incident of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIncident {
    /// The incident.
    pub id: IncidentId,
    /// Its number.
    pub number: String,
    /// What it is about: a finding, a device or a CVE.
    pub subject: String,
    /// Its site.
    pub site_id: SiteId,
    /// Whether all its findings are fixed, and the rule has not tried to close it since.
    pub ripe: bool,
    /// The number of its findings that are not fixed.
    pub unfixed: i64,
}

from_row! { OpenIncident: id = "incident_id", number, subject, site_id, ripe as Flag, unfixed }

/// A finding of an open incident of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFinding {
    /// The incident.
    pub incident_id: IncidentId,
    /// The finding.
    pub finding: IncidentFinding,
}

from_row! { HeldFinding: incident_id, ..finding }

/// An open incident `i` of a rule with the row `m`, which the rule is to close: all its findings are fixed, and no host makes
/// a snapshot of their tenants, which may have further changes. $1 is the time, $2 the latest end of a lease.
pub(super) const CLOSABLE_INCIDENTS: &str = "m.ripe = 1 AND i.id = m.incident_id AND i.status = 'Open'
    AND NOT EXISTS (SELECT 1 FROM incident_findings h
                    JOIN finding_snapshots s ON s.feed_id = h.feed_id
                    WHERE h.incident_id = m.incident_id AND s.ended_at IS NULL
                      AND s.claimed_until >= $1 AND s.claimed_until <= $2)";

/// The longest lease of a snapshot. A longer one was written by a wrong clock.
pub(super) const LONGEST_LEASE: Duration = Duration::from_secs(60);

/// The columns of a finding of an incident.
const FINDING: &str =
    "finding_id, feed_id, cve, device, address, tenant, connection, first_seen, evidence, status, sequence";

impl Records<'_> {
    /// The open incidents of a rule that are about one of these subjects or have one of these findings, and those of these
    /// findings that they have.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn open_rule_incidents(
        &mut self,
        rule: FindingRuleId,
        subjects: &[String],
        findings: &[String],
    ) -> Result<(Vec<OpenIncident>, Vec<HeldFinding>), StoreError> {
        let sql = format!(
            "SELECT m.incident_id, i.number, m.subject, i.site_id, m.ripe,
                    (SELECT CAST(COUNT(*) AS BIGINT) FROM incident_findings h
                     WHERE h.incident_id = m.incident_id AND h.status <> 'fixed') AS unfixed
             FROM finding_rule_incidents m JOIN incidents i ON i.id = m.incident_id
             WHERE m.rule_id = $1 AND i.status = 'Open'
               AND (m.subject IN ({}) OR m.incident_id IN
                    (SELECT incident_id FROM incident_findings WHERE finding_id IN ({})))
             ORDER BY m.incident_id",
            self.engine.texts_of("$2"),
            self.engine.texts_of("$3"),
        );
        let texts = |texts: &[String]| serde_json::to_string(texts).unwrap_or_default();
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(rule).bind(texts(subjects)).bind(texts(findings));
        let open: Vec<OpenIncident> = query.fetch_all(&mut *self.connection).await?;
        let ids: Vec<_> = open.iter().map(|incident| incident.id).collect();
        let sql = format!(
            "SELECT incident_id, {FINDING} FROM incident_findings WHERE incident_id IN ({}) AND finding_id IN ({})
             ORDER BY incident_id, finding_id",
            self.engine.integers_of("$1"),
            self.engine.texts_of("$2"),
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(identifiers(&ids)).bind(texts(findings));
        Ok((open, query.fetch_all(&mut *self.connection).await?))
    }

    /// Records that a rule made an incident.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_rule_incident(
        &mut self,
        rule: FindingRuleId,
        incident: IncidentId,
        subject: &str,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO finding_rule_incidents (incident_id, rule_id, subject, ripe) VALUES ($1, $2, $3, 0)",
        );
        query.bind(incident).bind(rule).bind(subject.to_owned()).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Records whether a rule is to close its incident.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_ripe(&mut self, incident: IncidentId, ripe: bool) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE finding_rule_incidents SET ripe = $1 WHERE incident_id = $2");
        query.bind(i64::from(ripe)).bind(incident).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// At most `limit` numbers of incidents that a rule is to close.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn closable_incidents(&mut self, rule: FindingRuleId, limit: i64) -> Result<Vec<String>, StoreError> {
        let sql = format!(
            "SELECT i.number FROM finding_rule_incidents m, incidents i WHERE m.rule_id = $3 AND {CLOSABLE_INCIDENTS}
             ORDER BY i.id LIMIT $4"
        );
        let now = self.now().await?;
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(now).bind(now + LONGEST_LEASE);
        Ok(query.bind(rule).bind(limit).fetch_all(&mut *self.connection).await?)
    }

    /// All open incidents of a rule: id, number and site.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn all_open_rule_incidents(
        &mut self,
        rule: FindingRuleId,
    ) -> Result<Vec<(IncidentId, String, SiteId)>, StoreError> {
        let query = sqlx::query_as(
            "SELECT i.id, i.number, i.site_id FROM finding_rule_incidents m JOIN incidents i ON i.id = m.incident_id
             WHERE m.rule_id = $1 AND i.status = 'Open' ORDER BY i.id",
        );
        Ok(query.bind(rule).fetch_all(&mut *self.connection).await?)
    }

    /// The findings of an incident whose status has changed without its rule, with their status now. A finding whose row was
    /// deleted together with its last change was gone. A finding of an import may have no row yet, and stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn moved_findings(&mut self, incident: IncidentId) -> Result<Vec<IncidentFinding>, StoreError> {
        // The id is FEED.DEVICE.FINDING, and the last part has 20 characters.
        let query = sqlx::query_as(
            "SELECT n.* FROM (
                 SELECT h.finding_id, h.feed_id, h.cve, h.device, h.address, h.tenant,
                        h.connection, h.first_seen, h.evidence, h.status AS before,
                        COALESCE(f.sequence, h.sequence) AS sequence,
                        CASE WHEN f.listed IS NULL AND (h.sequence = 0 OR h.status = 'fixed') THEN h.status
                             WHEN f.listed IS NULL THEN 'gone'
                             WHEN f.listed = 0 AND (f.status = 'fixed' OR (f.status = 'suppressed' AND h.status = 'fixed'))
                                 THEN 'fixed'
                             WHEN f.listed = 0 THEN 'gone'
                             WHEN f.status = 'suppressed' AND h.status = 'gone' THEN 'open'
                             WHEN f.status IN ('fixed', 'reopened') THEN f.status
                             WHEN f.status = 'open' AND h.status IN ('fixed', 'gone') THEN 'reopened'
                             ELSE h.status END AS status
                 FROM incident_findings h
                 LEFT JOIN findings f ON f.feed_id = h.feed_id
                     AND f.device = SUBSTR(h.finding_id, LENGTH(CAST(h.feed_id AS TEXT)) + 2,
                                           CASE WHEN LENGTH(h.finding_id) > LENGTH(CAST(h.feed_id AS TEXT)) + 22
                                                THEN LENGTH(h.finding_id) - LENGTH(CAST(h.feed_id AS TEXT)) - 22
                                                ELSE 0 END)
                     AND f.finding = SUBSTR(h.finding_id, LENGTH(h.finding_id) - 19)
                 WHERE h.incident_id = $1) AS n
             WHERE n.status <> n.before ORDER BY n.finding_id",
        );
        Ok(query.bind(incident).fetch_all(&mut *self.connection).await?)
    }

    /// Those of these findings that an incident of a rule holds, open or closed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn findings_held_by_rule(
        &mut self,
        rule: FindingRuleId,
        findings: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let sql = format!(
            "SELECT DISTINCT h.finding_id FROM incident_findings h
             JOIN finding_rule_incidents m ON m.incident_id = h.incident_id
             WHERE +m.rule_id = $1 AND h.finding_id IN ({})",
            self.engine.texts_of("$2")
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(rule);
        Ok(query.bind(crate::columns::json(&findings)?).fetch_all(&mut *self.connection).await?)
    }

    /// Adds findings to an incident, or writes them anew.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn put_incident_findings(
        &mut self,
        incident: IncidentId,
        findings: &[&IncidentFinding],
    ) -> Result<(), StoreError> {
        let cells = findings.iter().flat_map(|finding| {
            [
                InsertedValue::Integer(incident.0),
                InsertedValue::Text(&finding.finding_id),
                InsertedValue::Integer(finding.feed_id.0),
                InsertedValue::Text(&finding.cve),
                InsertedValue::Text(&finding.device),
                InsertedValue::Text(&finding.address),
                InsertedValue::Text(&finding.tenant),
                InsertedValue::Text(&finding.connection),
                InsertedValue::Text(&finding.first_seen),
                InsertedValue::Text(&finding.evidence),
                InsertedValue::Text(finding.status.as_str()),
                InsertedValue::Integer(finding.sequence.0),
            ]
        });
        let merge = "ON CONFLICT (incident_id, finding_id) DO UPDATE SET cve = excluded.cve, device = excluded.device,
                         address = excluded.address, evidence = excluded.evidence, status = excluded.status,
                         sequence = excluded.sequence";
        let columns = format!("incident_id, {FINDING}");
        self.insert_rows("incident_findings", &columns, 12, cells.collect(), merge).await?;
        Ok(())
    }

    /// At most `limit` findings of an incident, in the order in which they were found first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn incident_findings(
        &mut self,
        incident: IncidentId,
        limit: i64,
    ) -> Result<Vec<IncidentFinding>, StoreError> {
        let sql = format!(
            "SELECT {FINDING} FROM incident_findings WHERE incident_id = $1 ORDER BY first_seen, finding_id LIMIT $2"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(incident).bind(limit);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// At most `limit` incidents on these sites that hold a finding, the latest first. They are without long texts.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn incidents_of_finding(
        &mut self,
        finding: &str,
        sites: &[SiteId],
        limit: i64,
    ) -> Result<Vec<Incident>, StoreError> {
        // With `+` no database uses the index of sites: a finding has few incidents.
        let sql = format!(
            "SELECT i.id FROM incident_findings h JOIN incidents i ON i.id = h.incident_id
             WHERE h.finding_id = $1 AND +i.site_id IN ({}) ORDER BY i.created_at DESC, i.id DESC LIMIT $3",
            self.engine.integers_of("$2")
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(finding.to_owned());
        let query = query.bind(identifiers(sites)).bind(limit);
        let ids: Vec<i64> = query.fetch_all(&mut *self.connection).await?;
        self.incidents_numbered(&ids, sites, LongTexts::NONE, SearchOrder::Latest.sql(false)).await
    }

    /// The number of findings of an incident, and how many of them are not fixed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_incident_findings(&mut self, incident: IncidentId) -> Result<(i64, i64), StoreError> {
        let query = sqlx::query_as(
            "SELECT CAST(COUNT(*) AS BIGINT) AS all_of_them,
                    CAST(COALESCE(SUM(CASE WHEN status = $2 THEN 0 ELSE 1 END), 0) AS BIGINT) AS unfixed
             FROM incident_findings WHERE incident_id = $1",
        );
        Ok(query.bind(incident).bind(HeldStatus::Fixed.as_str()).fetch_one(&mut *self.connection).await?)
    }
}

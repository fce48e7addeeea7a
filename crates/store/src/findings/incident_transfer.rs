//! The findings and rules of incidents, as an export has them and an import adds them.

use crate::ByIncident;
use crate::columns::from_row;
use crate::model::{FeedId, FindingRuleId, IncidentFinding, IncidentId};
use crate::{Records, StoreError};

/// A finding of an incident, with the product's id of its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferredFinding {
    /// The finding.
    pub finding: IncidentFinding,
    /// The product's id of the tenant; `None` for a tenant that the store does not know.
    pub tenant_id: Option<String>,
}

from_row! { TransferredFinding: tenant_id, ..finding }

/// A finding of an incident whose tenant was removed, or whose connection was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrphanedFinding {
    /// The finding's id.
    pub finding_id: String,
    /// The feed, which nobody sees any more.
    pub feed_id: FeedId,
    /// The name that the connection had.
    pub connection: String,
    /// The product's id of the tenant.
    pub tenant: String,
}

from_row! { OrphanedFinding: finding_id, feed_id, connection, tenant }

/// The rule that made an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentRule {
    /// The rule's name.
    pub name: String,
    /// What the incident is about: a finding, a device or a CVE.
    pub subject: String,
}

from_row! { IncidentRule: name, subject }

impl Records<'_> {
    /// The findings of incidents, in the order in which they were found first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn findings_of(&mut self, ids: &[IncidentId]) -> Result<ByIncident<TransferredFinding>, StoreError> {
        let sql = format!(
            "SELECT h.incident_id, h.finding_id, h.feed_id, h.cve, h.device, h.address, h.tenant, h.connection,
                    h.first_seen, h.evidence, h.status, h.sequence, f.tenant AS tenant_id
             FROM incident_findings h LEFT JOIN finding_feeds f ON f.id = h.feed_id
             WHERE h.incident_id IN ({}) ORDER BY h.incident_id, h.first_seen, h.finding_id",
            self.engine.integers_of("$1"),
        );
        self.belongings(sql, ids).await
    }

    /// The findings of incidents whose tenants were removed, or whose connections were deleted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn orphaned_findings_of(
        &mut self,
        ids: &[IncidentId],
    ) -> Result<ByIncident<OrphanedFinding>, StoreError> {
        let sql = format!(
            "SELECT h.incident_id, h.finding_id, h.feed_id, h.connection, f.tenant
             FROM incident_findings h JOIN finding_feeds f ON f.id = h.feed_id
             WHERE h.incident_id IN ({})
               AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.id = f.connection_id)
             ORDER BY h.incident_id, h.finding_id",
            self.engine.integers_of("$1"),
        );
        self.belongings(sql, ids).await
    }

    /// Takes findings out of an incident.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_incident_findings(
        &mut self,
        incident: IncidentId,
        findings: &[&str],
    ) -> Result<(), StoreError> {
        let sql = format!(
            "DELETE FROM incident_findings WHERE incident_id = $1 AND finding_id IN ({})",
            self.engine.texts_of("$2")
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(incident).bind(crate::columns::json(&findings)?);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The rules that made incidents.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rules_of(&mut self, ids: &[IncidentId]) -> Result<ByIncident<IncidentRule>, StoreError> {
        let sql = format!(
            "SELECT m.incident_id, r.name, m.subject FROM finding_rule_incidents m
             JOIN finding_rules r ON r.id = m.rule_id WHERE m.incident_id IN ({})",
            self.engine.integers_of("$1"),
        );
        self.belongings(sql, ids).await
    }

    /// Gives an incident to a rule, unless it has another one. An incident that the rule has already gets the subject. If
    /// all findings of a new one are fixed, the rule tries to close it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn give_to_rule(
        &mut self,
        rule: FindingRuleId,
        incident: IncidentId,
        subject: &str,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO finding_rule_incidents (incident_id, rule_id, subject, ripe)
             SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CASE WHEN EXISTS (SELECT 1 FROM incident_findings h
                                                  WHERE h.incident_id = $1 AND h.status <> 'fixed') THEN 0 ELSE 1 END
             WHERE 1 = 1
             ON CONFLICT (incident_id) DO UPDATE SET subject = excluded.subject
                 WHERE finding_rule_incidents.rule_id = excluded.rule_id",
        );
        query.bind(incident).bind(rule).bind(subject.to_owned()).execute(&mut *self.connection).await?;
        Ok(())
    }
}

//! Links in the store: between incidents and cases, and between incidents.

use std::collections::HashMap;

use super::details::ByIncident;
use super::rows::{InsertedValue, identifiers};
use super::{Records, StoreError};
use crate::columns::from_row;
use crate::model::{CaseId, IncidentId, Link, Moment, SiteId};

/// An incident that is linked with another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its id.
    pub id: IncidentId,
    /// The number that users know.
    pub number: String,
    /// The site that it belongs to.
    pub site_id: SiteId,
}

from_row! { Neighbour: id, number, site_id }

/// The number of links of an incident or a case.
struct LinkCount {
    id: i64,
    links: i64,
}

from_row! { LinkCount: id, links }

/// A link, seen from the incident `incident`.
struct SeenLinkRow {
    incident: IncidentId,
    link: Link,
}

from_row! { SeenLinkRow: incident, ..link }

impl Records<'_> {
    /// The number of `cases` that each of `incidents` is linked to, and of `incidents` that each of `cases` is linked
    /// to.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_case_links(
        &mut self,
        incidents: &[IncidentId],
        cases: &[CaseId],
    ) -> Result<(HashMap<IncidentId, i64>, HashMap<CaseId, i64>), StoreError> {
        let mut counts = [HashMap::new(), HashMap::new()];
        for (column, found) in ["incident_id", "case_id"].into_iter().zip(&mut counts) {
            let sql = format!(
                "SELECT {column} AS id, CAST(COUNT(*) AS BIGINT) AS links FROM case_incidents
                 WHERE case_id IN ({}) AND incident_id IN ({}) GROUP BY {column}",
                self.engine.integers_of("$1"),
                self.engine.integers_of("$2"),
            );
            let query = sqlx::query_as::<_, LinkCount>(sqlx::AssertSqlSafe(sql));
            let query = query.bind(identifiers(cases)).bind(identifiers(incidents));
            for row in query.fetch_all(&mut *self.connection).await? {
                found.insert(row.id, row.links);
            }
        }
        let [by_incident, by_case] = counts;
        let by_incident = by_incident.into_iter().map(|(id, links)| (IncidentId(id), links)).collect();
        Ok((by_incident, by_case.into_iter().map(|(id, links)| (CaseId(id), links)).collect()))
    }

    /// Links each of `incidents` to each of `cases`. Existing links stay.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn link_to_cases(
        &mut self,
        incidents: &[IncidentId],
        cases: &[CaseId],
        by: &str,
        now: Moment,
    ) -> Result<(), StoreError> {
        // SQLite needs the WHERE to tell ON CONFLICT from a join's ON.
        let sql = format!(
            "INSERT INTO case_incidents (case_id, incident_id, linked_at, linked_by)
             SELECT cases.id, incidents.id, CAST($3 AS BIGINT), CAST($4 AS TEXT) FROM cases CROSS JOIN incidents
             WHERE cases.id IN ({}) AND incidents.id IN ({})
             ON CONFLICT (case_id, incident_id) DO NOTHING",
            self.engine.integers_of("$1"),
            self.engine.integers_of("$2"),
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(identifiers(cases))
            .bind(identifiers(incidents))
            .bind(now)
            .bind(by)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Stores single links of incidents to cases: case, incident, time, user. Existing links stay.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn insert_case_links(&mut self, links: &[(CaseId, IncidentId, Moment, &str)]) -> Result<(), StoreError> {
        let cells = links.iter().flat_map(|(case, incident, at, by)| {
            [
                InsertedValue::Integer(case.0),
                InsertedValue::Integer(incident.0),
                InsertedValue::Integer(at.0),
                InsertedValue::Text(by),
            ]
        });
        let columns = "case_id, incident_id, linked_at, linked_by";
        let tail = "ON CONFLICT (case_id, incident_id) DO NOTHING";
        self.insert_rows("case_incidents", columns, 4, cells.collect(), tail).await?;
        Ok(())
    }

    /// Stores links between two incidents: one, the other, time, user. Existing links stay.
    ///
    /// # Errors
    /// [`StoreError::Database`], also for a link of an incident with itself.
    pub async fn link_incidents(&mut self, links: &[(IncidentId, IncidentId, Moment, &str)]) -> Result<(), StoreError> {
        let cells = links.iter().flat_map(|(one, other, at, by)| {
            [
                InsertedValue::Integer(one.0.min(other.0)),
                InsertedValue::Integer(one.0.max(other.0)),
                InsertedValue::Integer(at.0),
                InsertedValue::Text(by),
            ]
        });
        let columns = "low_id, high_id, linked_at, linked_by";
        let tail = "ON CONFLICT (low_id, high_id) DO NOTHING";
        self.insert_rows("incident_links", columns, 4, cells.collect(), tail).await?;
        Ok(())
    }

    /// Raises the versions of incidents and cases whose links an import stored. Their times of change do not move.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn raise_versions(&mut self, incidents: &[IncidentId], cases: &[CaseId]) -> Result<(), StoreError> {
        for (table, ids) in [("incidents", identifiers(incidents)), ("cases", identifiers(cases))] {
            let ones = self.engine.integers_of("$1");
            let sql = format!("UPDATE {table} SET version = version + 1 WHERE id IN ({ones})");
            let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(ids);
            query.execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// Removes the links of `incident` with `others`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn unlink_incidents(&mut self, incident: IncidentId, others: &[IncidentId]) -> Result<(), StoreError> {
        let sql = format!(
            "DELETE FROM incident_links
             WHERE (low_id = $2 AND high_id IN ({0})) OR (high_id = $2 AND low_id IN ({0}))",
            self.engine.integers_of("$1"),
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(identifiers(others)).bind(incident);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The incidents that are linked with any of `incidents`, by number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn neighbours(&mut self, incidents: &[IncidentId]) -> Result<Vec<Neighbour>, StoreError> {
        let sql = format!(
            "SELECT id, number, site_id FROM incidents
             WHERE id IN (SELECT high_id FROM incident_links WHERE low_id IN ({0})
                          UNION SELECT low_id FROM incident_links WHERE high_id IN ({0}))
             ORDER BY number{1}",
            self.engine.integers_of("$1"),
            self.engine.bytewise(),
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(identifiers(incidents));
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// The cases that each of `incidents` is linked to, by number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn cases_of(&mut self, incidents: &[IncidentId]) -> Result<ByIncident<Link>, StoreError> {
        let sql = format!(
            "SELECT l.incident_id AS incident, c.number, c.title, c.status, l.linked_at, l.linked_by, c.site_id
             FROM case_incidents l JOIN cases c ON c.id = l.case_id
             WHERE l.incident_id IN ({}) ORDER BY l.incident_id, c.number{}",
            self.engine.integers_of("$1"),
            self.engine.bytewise(),
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(identifiers(incidents));
        Ok(gather(query.fetch_all(&mut *self.connection).await?))
    }

    /// The incidents that are linked to a case, by number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn incidents_of(&mut self, case: CaseId) -> Result<Vec<Link>, StoreError> {
        let sql = format!(
            "SELECT i.number, i.title, i.status, l.linked_at, l.linked_by, i.site_id
             FROM case_incidents l JOIN incidents i ON i.id = l.incident_id
             WHERE l.case_id = $1 ORDER BY i.number{}",
            self.engine.bytewise(),
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(case);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// The incidents that each of `incidents` is linked with, by number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn links_of(&mut self, incidents: &[IncidentId]) -> Result<ByIncident<Link>, StoreError> {
        let sql = format!(
            "SELECT l.one AS incident, i.number, i.title, i.status, l.linked_at, l.linked_by, i.site_id
             FROM (SELECT low_id AS one, high_id AS other, linked_at, linked_by FROM incident_links
                   WHERE low_id IN ({0})
                   UNION ALL SELECT high_id, low_id, linked_at, linked_by FROM incident_links
                   WHERE high_id IN ({0})) l
             JOIN incidents i ON i.id = l.other
             ORDER BY l.one, i.number{1}",
            self.engine.integers_of("$1"),
            self.engine.bytewise(),
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(identifiers(incidents));
        Ok(gather(query.fetch_all(&mut *self.connection).await?))
    }
}

fn gather(rows: Vec<SeenLinkRow>) -> ByIncident<Link> {
    let mut found = ByIncident::new();
    for row in rows {
        found.entry(row.incident).or_default().push(row.link);
    }
    found
}

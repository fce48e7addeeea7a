//! Changes of many incidents: the store locks and reads them for a decision, and changes them with one statement.

use serde::Deserialize;

use super::rows::identifiers;
use super::{Records, StoreError};
use crate::model::{IncidentId, Moment, SiteId, Status, Version};

/// The fields of an incident on which a bulk command decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedIncident {
    /// Its id.
    pub id: IncidentId,
    /// The number that users know.
    pub number: String,
    /// The site that it belongs to.
    pub site_id: SiteId,
    /// The name of its owner.
    pub owner: Option<String>,
    /// Whether it is open or closed.
    pub status: Status,
    /// When it was closed.
    pub closed_at: Option<Moment>,
    /// The name of the user who closed it.
    pub closed_by: Option<String>,
    /// The length of its conclusion in characters.
    pub conclusion: usize,
    /// Each change raises it.
    pub version: Version,
}

/// A row of the lookup, in the form in which the database sends it.
#[derive(Debug, Deserialize)]
struct LookupRow(usize, IncidentId, SiteId, Option<String>, Status, Option<Moment>, Option<String>, usize, Version);

impl Records<'_> {
    /// The incidents of these numbers, in the order of the numbers, locked until the transaction ends. A number without
    /// an incident gives `None`. The rows are locked in the order of their ids, so that two calls cannot deadlock.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn incidents_for_change(
        &mut self,
        numbers: &[String],
    ) -> Result<Vec<Option<LockedIncident>>, StoreError> {
        // The lookup goes in the order of the index, so neighbours are read from one page.
        let mut sorted: Vec<(&String, usize)> = numbers.iter().zip(0..).collect();
        sorted.sort_unstable();
        let texts: Vec<&String> = sorted.iter().map(|(number, _)| *number).collect();
        let lock = match self.engine.for_update() {
            "" => String::new(),
            lock => format!(" ORDER BY i.id{lock} OF i"),
        };
        let sql = format!(
            "SELECT {} FROM (SELECT n.position, i.id, i.site_id, i.owner, i.status, i.closed_at, i.closed_by,
                                    LENGTH(i.conclusion) AS conclusion, i.version
                             FROM {} CROSS JOIN incidents i WHERE i.number = n.text{lock}) found",
            self.engine.gathered("position, id, site_id, owner, status, closed_at, closed_by, conclusion, version"),
            self.engine.table_of_texts("$1", "n"),
        );
        let bound = serde_json::to_string(&texts).unwrap_or_default();
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(bound);
        let found: String = query.fetch_one(&mut *self.connection).await?;
        let unreadable = |error: serde_json::Error| StoreError::Unreadable(error.to_string());
        let found: Vec<LookupRow> = serde_json::from_str(&found).map_err(unreadable)?;
        let mut incidents = vec![None; numbers.len()];
        for LookupRow(position, id, site_id, owner, status, closed_at, closed_by, conclusion, version) in found {
            let Some((number, place)) = sorted.get(position) else { continue };
            if let Some(incident) = incidents.get_mut(*place) {
                let number = (*number).clone();
                *incident = Some(LockedIncident {
                    id,
                    number,
                    site_id,
                    owner,
                    status,
                    closed_at,
                    closed_by,
                    conclusion,
                    version,
                });
            }
        }
        Ok(incidents)
    }

    /// Closes open incidents. `conclusion` is appended to each as a line, unless it is empty.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn close_incidents(
        &mut self,
        ids: &[IncidentId],
        by: &str,
        conclusion: &str,
        now: Moment,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE incidents SET status = 'Closed', closed_at = $2, closed_by = $3, modified_at = $2,
                    conclusion = conclusion || CASE WHEN conclusion = '' THEN CAST($4 AS TEXT) ELSE CAST($5 AS TEXT) END,
                    version = version + 1
             WHERE id IN ({}) AND status = 'Open'",
            self.engine.integers_of("$1"),
        );
        let on_a_new_line = if conclusion.is_empty() { String::new() } else { format!("\n{conclusion}") };
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(identifiers(ids))
            .bind(now)
            .bind(by)
            .bind(conclusion)
            .bind(on_a_new_line)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Moves incidents to another site.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn move_incidents(&mut self, ids: &[IncidentId], site: SiteId, now: Moment) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE incidents SET site_id = $2, modified_at = $3, version = version + 1 WHERE id IN ({})",
            self.engine.integers_of("$1"),
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(identifiers(ids)).bind(site).bind(now);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Gives incidents another owner.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn own_incidents(&mut self, ids: &[IncidentId], owner: &str, now: Moment) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE incidents SET owner = $2, modified_at = $3, version = version + 1 WHERE id IN ({})",
            self.engine.integers_of("$1"),
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(identifiers(ids)).bind(owner).bind(now);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Raises the versions and times of incidents that changed, or whose links, tasks or fields changed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn touch_incidents(&mut self, ids: &[IncidentId], now: Moment) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE incidents SET modified_at = $2, version = version + 1 WHERE id IN ({})",
            self.engine.integers_of("$1"),
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(identifiers(ids)).bind(now);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }
}

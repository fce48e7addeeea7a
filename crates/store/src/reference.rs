//! For benchmarks: the plain SQL that a bulk command is compared with.

use super::rows::numbers_text;
use super::{Records, StoreError};
use crate::model::Moment;

impl Records<'_> {
    /// Closes incidents with the shortest SQL of the same effect as Close Incident in Bulk without bypassing. One
    /// UPDATE takes the numbers as one JSON array. It skips incidents that are closed, have pending Required tasks, or
    /// lack a value that is Required on Close. It checks no rights and returns no details.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn bare_close(
        &mut self,
        numbers: &[String],
        by: &str,
        conclusion: &str,
        now: Moment,
    ) -> Result<u64, StoreError> {
        let sql = format!(
            "UPDATE incidents SET status = 'Closed', closed_at = $2, closed_by = $3, modified_at = $2,
                    conclusion = conclusion || CASE WHEN conclusion = '' THEN CAST($4 AS TEXT) ELSE CAST($5 AS TEXT) END,
                    version = version + 1
             WHERE number IN ({}) AND status = 'Open'
               AND NOT EXISTS (SELECT 1 FROM incident_tasks t
                               WHERE t.incident_id = incidents.id AND t.required = 1 AND t.done = 0)
               AND NOT EXISTS (SELECT 1 FROM incident_fields f
                               WHERE f.incident_id = incidents.id AND f.required_on_close = 1 AND f.value IS NULL)",
            self.engine.texts_of("$1"),
        );
        let closed = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(numbers_text(numbers))
            .bind(now)
            .bind(by)
            .bind(conclusion)
            .bind(format!("\n{conclusion}"))
            .execute(&mut *self.connection)
            .await?;
        Ok(closed.rows_affected())
    }

    /// Opens incidents again, as if they had never been closed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn bare_reopen(&mut self, numbers: &[String]) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE incidents SET status = 'Open', closed_at = NULL, closed_by = NULL, conclusion = ''
             WHERE number IN ({})",
            self.engine.texts_of("$1"),
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(numbers_text(numbers)).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Lets the database clean up and update its statistics, so that one measurement does not pay for another.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn settle(&mut self) -> Result<(), StoreError> {
        sqlx::query("ANALYZE").execute(&mut *self.connection).await?;
        Ok(())
    }
}

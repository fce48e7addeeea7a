//! Deliveries: where changes of findings are sent, and up to which number they have arrived.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::columns::from_row;
use crate::model::{FindingDeliveryId, FindingSequence, Moment, UserId};
use crate::{Records, StoreError};

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingDelivery {
    /// Its id in this instance.
    #[schema(value_type = i64)]
    pub id: FindingDeliveryId,
    /// The destination, `webhook:NAME`.
    pub destination: String,
    /// The format.
    pub format: String,
    /// The user whose rights decide which changes are sent.
    #[schema(value_type = i64)]
    pub user_id: UserId,
    /// The changes up to this number have arrived.
    #[schema(value_type = i64)]
    pub after: FindingSequence,
    /// The last number of the batch that is being sent.
    #[schema(value_type = Option<i64>)]
    pub through: Option<FindingSequence>,
    /// The number of failed attempts since the last success.
    pub attempts: i64,
    /// When the next attempt is due.
    #[schema(value_type = i64)]
    pub next_at: Moment,
    /// Why the last attempt failed.
    pub problem: Option<String>,
}

from_row! { FindingDelivery: id, destination, format, user_id, after, through, attempts, next_at, problem }

const COLUMNS: &str = "id, destination, format, user_id, after, through, attempts, next_at, problem";

impl Records<'_> {
    /// All deliveries, by id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_deliveries(&mut self) -> Result<Vec<FindingDelivery>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM finding_deliveries ORDER BY id");
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *self.connection).await?)
    }

    /// Adds a delivery of the changes after `after`.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when the destination has a delivery.
    pub async fn create_finding_delivery(
        &mut self,
        destination: &str,
        format: &str,
        user: UserId,
        after: FindingSequence,
    ) -> Result<FindingDelivery, StoreError> {
        let now = self.now().await?;
        let sql = format!(
            "INSERT INTO finding_deliveries (destination, format, user_id, after, attempts, next_at)
             VALUES ($1, $2, $3, $4, 0, $5) RETURNING {COLUMNS}"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(destination.to_owned()).bind(format.to_owned());
        let added = query.bind(user).bind(after).bind(now).fetch_one(&mut *self.connection).await;
        added.map_err(|error| StoreError::or_duplicate(error, "delivery", destination))
    }

    /// Removes a delivery, and returns it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_finding_delivery(&mut self, id: FindingDeliveryId) -> Result<FindingDelivery, StoreError> {
        let sql = format!("DELETE FROM finding_deliveries WHERE id = $1 RETURNING {COLUMNS}");
        let removed = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&mut *self.connection).await?;
        removed.ok_or_else(|| StoreError::not_found("delivery", id.to_string()))
    }

    /// Claims a delivery that is due and whose number is not the last of the log. `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn claim_finding_delivery(
        &mut self,
        node: &str,
        lease: Duration,
    ) -> Result<Option<FindingDelivery>, StoreError> {
        let now = self.now().await?;
        let sql = format!(
            "UPDATE finding_deliveries SET node = $1, claimed_until = $2
             WHERE id = (SELECT id FROM finding_deliveries
                         WHERE next_at <= $3 AND (node IS NULL OR claimed_until < $3 OR claimed_until > $4)
                           AND after <> (SELECT last_sequence FROM finding_log WHERE id = 1)
                         ORDER BY next_at LIMIT 1{})
             RETURNING {COLUMNS}",
            self.engine.for_update_of_free("finding_deliveries")
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(node.to_owned()).bind(now + lease).bind(now);
        Ok(query.bind(now + lease * 2).fetch_optional(&mut *self.connection).await?)
    }

    /// Records the batch that a claimed delivery sends.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn begin_finding_batch(
        &mut self,
        id: FindingDeliveryId,
        through: FindingSequence,
    ) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE finding_deliveries SET through = $1 WHERE id = $2").bind(through).bind(id);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Records that the changes up to `after` have arrived, and ends the claim of `node`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_batch_arrived(
        &mut self,
        id: FindingDeliveryId,
        node: &str,
        after: FindingSequence,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let now = self.now().await?;
        let query = sqlx::query(
            "UPDATE finding_deliveries SET after = $1, through = NULL, attempts = 0, problem = $2, next_at = $3,
                 node = NULL, claimed_until = NULL
             WHERE id = $4 AND node = $5",
        );
        let query = query.bind(after).bind(problem.map(str::to_owned)).bind(now).bind(id).bind(node.to_owned());
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Records a failed attempt, and ends the claim of `node`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_batch_failed(
        &mut self,
        id: FindingDeliveryId,
        node: &str,
        problem: &str,
        pause: Duration,
    ) -> Result<(), StoreError> {
        let now = self.now().await?;
        let query = sqlx::query(
            "UPDATE finding_deliveries SET attempts = attempts + 1, problem = $1, next_at = $2, node = NULL,
                 claimed_until = NULL
             WHERE id = $3 AND node = $4",
        );
        let query = query.bind(problem.to_owned()).bind(now + pause).bind(id).bind(node.to_owned());
        query.execute(&mut *self.connection).await?;
        Ok(())
    }
}

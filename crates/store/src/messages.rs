//! Messages on their way, in the store.

use super::{Records, StoreError};
use crate::model::{Destination, Message, Moment};

impl Records<'_> {
    /// Writes a message that is to be delivered at once.
    pub(super) async fn create_message(
        &mut self,
        id: &str,
        destination: &Destination,
        content: &str,
        now: Moment,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO messages (id, destination, content, created_at, attempts, next_attempt_at)
             VALUES ($1, $2, $3, $4, 0, $4)",
        )
        .bind(id)
        .bind(destination)
        .bind(content)
        .bind(now)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Takes at most `limit` messages that are to be delivered at `now`, the oldest first, and keeps them from others
    /// until `until`: when this process dies, somebody tries again then.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_messages(&mut self, now: Moment, until: Moment, limit: i64) -> Result<Vec<Message>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT id, destination, content, attempts, created_at FROM messages
             WHERE delivered_at IS NULL AND next_attempt_at <= $1 ORDER BY next_attempt_at, created_at, id LIMIT $2{}",
            self.engine.for_update_of_free("messages")
        ));
        let query = sqlx::query_as::<_, Message>(sql).bind(now).bind(limit);
        let messages = query.fetch_all(&mut *self.connection).await?;
        for message in &messages {
            sqlx::query("UPDATE messages SET next_attempt_at = $1, attempts = attempts + 1 WHERE id = $2")
                .bind(until)
                .bind(&message.id)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(messages)
    }

    /// Whether there is a message to deliver at `now`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn has_messages_due(&mut self, now: Moment) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM messages WHERE delivered_at IS NULL AND next_attempt_at <= $1 LIMIT 1")
            .bind(now)
            .fetch_optional(&mut *self.connection)
            .await?;
        Ok(row.is_some())
    }

    /// Notes that a message arrived.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn message_delivered(&mut self, id: &str, now: Moment) -> Result<(), StoreError> {
        sqlx::query("UPDATE messages SET delivered_at = $1, last_error = NULL WHERE id = $2")
            .bind(now)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Notes why a message did not arrive, and when it is tried again.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn message_failed(&mut self, id: &str, error: &str, again_at: Moment) -> Result<(), StoreError> {
        sqlx::query("UPDATE messages SET last_error = $1, next_attempt_at = $2 WHERE id = $3 AND delivered_at IS NULL")
            .bind(error)
            .bind(again_at)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Messages that did not arrive yet, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn waiting_messages(&mut self, limit: i64) -> Result<Vec<WaitingMessage>, StoreError> {
        let query = sqlx::query_as(
            "SELECT id, destination, created_at, attempts, next_attempt_at, last_error FROM messages
             WHERE delivered_at IS NULL ORDER BY created_at, id LIMIT $1",
        )
        .bind(limit);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}

/// A message that did not arrive yet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct WaitingMessage {
    /// Its id, the same each time that it is sent.
    pub id: String,
    /// To whom.
    pub destination: String,
    /// Since when.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    #[schema(value_type = i64)]
    pub next_attempt_at: Moment,
    /// Why it did not arrive.
    pub last_error: Option<String>,
}

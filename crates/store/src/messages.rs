//! Messages on their way, in the store.

use std::collections::BTreeSet;
use std::time::Duration;

use super::columns::json;
use super::{Records, StoreError};
use crate::model::{CLOCK_TOLERANCE, Destination, Message, Moment};

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

    /// The messages to deliver at `now`: of each destination that is not `busy` its oldest, without their contents.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn due_messages(
        &mut self,
        now: Moment,
        busy: &BTreeSet<String>,
    ) -> Result<Vec<(String, Destination)>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT id, destination FROM (
                 SELECT id, destination, next_attempt_at, ROW_NUMBER() OVER (
                     PARTITION BY destination ORDER BY next_attempt_at, created_at, id) AS place
                 FROM messages WHERE delivered_at IS NULL AND next_attempt_at <= $1 AND destination NOT IN ({})
             ) AS due WHERE place = 1 ORDER BY next_attempt_at, id",
            self.engine.texts_of("$2")
        ));
        let query = sqlx::query_as::<_, DueMessage>(sql).bind(now).bind(json(busy)?);
        let due = query.fetch_all(&mut *self.connection).await?;
        Ok(due.into_iter().map(|message| (message.id, message.destination)).collect())
    }

    /// Takes those of the messages `ids` that are still to be delivered at `now`, and keeps them from other hosts until
    /// `until`: if this process dies, another attempt is made then.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_messages(
        &mut self,
        ids: &[&str],
        now: Moment,
        until: Moment,
    ) -> Result<Vec<Message>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "UPDATE messages SET next_attempt_at = $1, attempts = attempts + 1
             WHERE id IN ({}) AND delivered_at IS NULL AND next_attempt_at <= $3
             RETURNING id, destination, content, attempts - 1 AS attempts, created_at",
            self.engine.texts_of("$2")
        ));
        let query = sqlx::query_as::<_, Message>(sql).bind(until).bind(json(&ids)?).bind(now);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// How many messages wait to be delivered, and for how long the oldest.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn undelivered(&mut self) -> Result<Undelivered, StoreError> {
        let now = self.now().await?;
        let row = sqlx::query_as::<_, UndeliveredRow>(
            "SELECT CAST(COUNT(*) AS BIGINT) AS messages, CAST(MIN(created_at) AS BIGINT) AS oldest FROM messages
             WHERE delivered_at IS NULL",
        )
        .fetch_one(&mut *self.connection)
        .await?;
        let age = row.oldest.map(|oldest| now.since(oldest)).unwrap_or_default();
        Ok(Undelivered { messages: u64::try_from(row.messages).unwrap_or_default(), age })
    }

    /// Moves the times of messages that a wrong clock stamped to now; how many messages. A time is wrong if it is later
    /// than the pause after so many attempts allows: `first`, doubled with each further attempt, up to `longest`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn correct_message_times(&mut self, first: Duration, longest: Duration) -> Result<u64, StoreError> {
        let now = self.now().await?;
        let query = sqlx::query(
            "UPDATE messages SET created_at = CASE WHEN created_at > $2 THEN $1 ELSE created_at END, next_attempt_at = $1
             WHERE delivered_at IS NULL AND next_attempt_at > $2 + CASE
                 WHEN attempts = 0 THEN 0
                 WHEN attempts < 20 AND $3 << CAST(attempts AS INTEGER) < $4 THEN $3 << CAST(attempts AS INTEGER)
                 ELSE $4 END",
        );
        let query = query.bind(now).bind(now + CLOCK_TOLERANCE);
        let query = query.bind((Moment(0) + first).0).bind((Moment(0) + longest).0);
        Ok(query.execute(&mut *self.connection).await?.rows_affected())
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

/// How many messages wait to be delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Undelivered {
    /// How many.
    pub messages: u64,
    /// For how long the oldest.
    pub age: Duration,
}

#[derive(sqlx::FromRow)]
struct UndeliveredRow {
    messages: i64,
    oldest: Option<Moment>,
}

#[derive(sqlx::FromRow)]
struct DueMessage {
    id: String,
    destination: Destination,
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

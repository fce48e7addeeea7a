//! Messages about alerts that are to be delivered.

use std::collections::BTreeSet;
use std::time::Duration;

use super::columns::{from_row, json};
use super::{Records, StoreError};
use crate::model::{CLOCK_TOLERANCE, Destination, Message, Moment};

impl Records<'_> {
    /// Stores a message that is due at once.
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

    /// The messages to deliver at `now`, without their contents: the oldest message of each destination that is not
    /// `busy`.
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

    /// Claims those of the messages `ids` that are due at `now`, until `until`. If this process dies, any host tries
    /// again then.
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

    /// The number of messages that are not delivered, and the age of the oldest.
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

    /// Moves the times of messages that a wrong clock wrote to now, and returns the number of messages. A time is wrong if it
    /// is later than the pause after that number of attempts: `first`, doubled with each further attempt, up to `longest`.
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

    /// Records that a message was delivered.
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

    /// Records why a message was not delivered, and the time of the next attempt.
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

    /// At most `limit` messages that are not delivered, the oldest first.
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

    /// The destinations to which a message is not delivered although it was tried, each with the message that was tried most
    /// often.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn stuck_messages(&mut self) -> Result<Vec<StuckMessages>, StoreError> {
        let query = sqlx::query_as(
            "SELECT destination, waiting, created_at, attempts, next_attempt_at, last_error FROM (
                 SELECT destination, created_at, attempts, next_attempt_at, last_error,
                        CAST(COUNT(*) OVER (PARTITION BY destination) AS BIGINT) AS waiting,
                        ROW_NUMBER() OVER (
                            PARTITION BY destination
                            ORDER BY CASE WHEN last_error IS NULL THEN 1 ELSE 0 END, attempts DESC, created_at, id
                        ) AS place
                 FROM messages WHERE delivered_at IS NULL
             ) AS stuck WHERE place = 1 AND last_error IS NOT NULL ORDER BY created_at, destination",
        );
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}

/// The number of messages that are not delivered, and the age of the oldest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Undelivered {
    /// The number of messages.
    pub messages: u64,
    /// The age of the oldest.
    pub age: Duration,
}

struct UndeliveredRow {
    messages: i64,
    oldest: Option<Moment>,
}

from_row! { UndeliveredRow: messages, oldest }

struct DueMessage {
    id: String,
    destination: Destination,
}

from_row! { DueMessage: id, destination }

/// A message that was not delivered yet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingMessage {
    /// Its id, the same in each attempt.
    pub id: String,
    /// The destination.
    pub destination: String,
    /// When the host decided on it.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// The number of attempts.
    pub attempts: i64,
    /// The time of the next attempt.
    #[schema(value_type = i64)]
    pub next_attempt_at: Moment,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

from_row! { WaitingMessage: id, destination, created_at, attempts, next_attempt_at, last_error }

/// The messages to one destination that are not delivered, and the one of them that was tried most often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckMessages {
    /// The destination.
    pub destination: String,
    /// The number of all.
    pub waiting: i64,
    /// When the host decided on the one.
    pub created_at: Moment,
    /// The number of attempts to deliver it.
    pub attempts: i64,
    /// The time of the next attempt.
    pub next_attempt_at: Moment,
    /// Why the last attempt failed.
    pub last_error: String,
}

from_row! { StuckMessages: destination, waiting, created_at, attempts, next_attempt_at, last_error }

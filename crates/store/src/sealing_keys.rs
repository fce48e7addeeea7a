//! The sealing keys that the store knows: their names, and which of them are retired.

use super::{Records, StoreError};
use crate::model::Moment;

impl Records<'_> {
    /// Locks sealed secrets and sealing keys against other transactions until this one ends. The lock comes before any
    /// lock on sealed rows: two transactions that lock in different orders would deadlock.
    pub async fn take_sealing_turn(&mut self) -> Result<(), StoreError> {
        let sql = format!("SELECT id FROM sealing_turn WHERE id = 1{}", self.engine.for_update());
        sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *self.connection).await?;
        Ok(())
    }

    /// Records that a key seals, in a transaction with the sealing lock. Returns `false` if it is retired.
    pub async fn note_sealing_key(&mut self, key: &str, now: Moment) -> Result<bool, StoreError> {
        sqlx::query("INSERT INTO sealing_keys (id, created_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
            .bind(key)
            .bind(now)
            .execute(&mut *self.connection)
            .await?;
        let query = sqlx::query_scalar("SELECT retired_at FROM sealing_keys WHERE id = $1").bind(key);
        let retired_at: Option<Moment> = query.fetch_one(&mut *self.connection).await?;
        Ok(retired_at.is_none())
    }

    /// Retires every key except `current`, in a transaction with the sealing lock.
    pub async fn retire_sealing_keys_but(&mut self, current: &str, now: Moment) -> Result<(), StoreError> {
        sqlx::query("UPDATE sealing_keys SET retired_at = $1 WHERE id <> $2 AND retired_at IS NULL")
            .bind(now)
            .bind(current)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// The keys that may have sealed secrets in the store, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sealing_keys_in_use(&mut self) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query_scalar("SELECT id FROM sealing_keys WHERE retired_at IS NULL ORDER BY id");
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}

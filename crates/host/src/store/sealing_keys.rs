//! What the store knows of the sealing keys: their names, and which of them seal no more.

use sqlx::Row as _;

use super::{Records, StoreError};

impl Records<'_> {
    /// Notes that a key seals, and keeps it from being retired until the transaction ends. `now` is in milliseconds
    /// since 1970. `false` when it is retired already.
    pub(crate) async fn hold_sealing_key(&mut self, key: &str, now: i64) -> Result<bool, StoreError> {
        sqlx::query("INSERT INTO sealing_keys (id, created_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
            .bind(key)
            .bind(now)
            .execute(&mut *self.connection)
            .await?;
        let sql = format!("SELECT COALESCE(retired_at, 0) FROM sealing_keys WHERE id = $1{}", self.engine.for_update());
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(key).fetch_one(&mut *self.connection).await?;
        Ok(row.try_get::<i64, _>(0)? == 0)
    }

    /// Waits for every transaction that holds a key, and keeps others from holding one.
    pub(crate) async fn lock_sealing_keys(&mut self) -> Result<(), StoreError> {
        sqlx::query("UPDATE sealing_keys SET created_at = created_at").execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Retires every key but `current`; they are locked, and seal nothing any more.
    pub(crate) async fn retire_sealing_keys_but(&mut self, current: &str, now: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE sealing_keys SET retired_at = $1 WHERE id <> $2 AND retired_at IS NULL")
            .bind(now)
            .bind(current)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// The keys that may have sealed something, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sealing_keys_in_use(&mut self) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT id FROM sealing_keys WHERE retired_at IS NULL ORDER BY id")
            .fetch_all(&mut *self.connection)
            .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}

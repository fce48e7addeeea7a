//! This instance's own key pair, by which other instances know it.

use sqlx::Row as _;

use super::tenancy_secrets::{decoded, encoded};
use super::{Records, StoreError};

impl Records<'_> {
    /// The public key in hexadecimal digits, and the sealed private one; none until somebody needed them.
    pub async fn instance(&mut self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let row = sqlx::query("SELECT public_key, secret FROM instance WHERE id = 1");
        let row = row.fetch_optional(&mut *self.connection).await?;
        row.map(|row| Ok((row.try_get(0)?, decoded(row.try_get(1)?)?))).transpose()
    }

    /// Keeps a key pair, unless there is one.
    pub async fn keep_instance(&mut self, public_key: &str, sealed: &[u8]) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO instance (id, public_key, secret) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING")
            .bind(public_key)
            .bind(encoded(sealed))
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}

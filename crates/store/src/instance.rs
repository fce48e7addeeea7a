//! This instance's key pair, by which other instances identify it.

use super::columns::{Sealed, encoded, from_row};
use super::{Records, StoreError};

struct KeyPairRow {
    public_key: String,
    secret: Vec<u8>,
}

from_row! { KeyPairRow: public_key, secret as Sealed }

impl Records<'_> {
    /// The public key in hexadecimal digits, and the sealed private key. `None` until they are first needed.
    pub async fn instance(&mut self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let query = sqlx::query_as::<_, KeyPairRow>("SELECT public_key, secret FROM instance WHERE id = 1");
        let pair = query.fetch_optional(&mut *self.connection).await?;
        Ok(pair.map(|pair| (pair.public_key, pair.secret)))
    }

    /// Keeps a key pair, unless one exists.
    pub async fn keep_instance(&mut self, public_key: &str, sealed: &[u8]) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO instance (id, public_key, secret) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING")
            .bind(public_key)
            .bind(encoded(sealed))
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}

//! Whether what is committed survives a loss of power, as far as the database's own settings say.

use super::{Engine, Records, Store, StoreError};

impl Store {
    /// Which settings of the database's server, if any, let acknowledged changes be lost or the database be damaged when the
    /// machine fails, and what to do. The host cannot change these: they are the whole server's.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn durability_warning(&self) -> Result<Option<String>, StoreError> {
        match self.engine() {
            // Each connection is told to wait for the disk.
            Engine::Sqlite => Ok(None),
            Engine::Postgres => self.reader().await?.records().risky_settings().await,
        }
    }
}

impl Records<'_> {
    async fn risky_settings(&mut self) -> Result<Option<String>, StoreError> {
        let query = sqlx::query_scalar(
            "SELECT CAST(name AS TEXT) FROM pg_settings
             WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name",
        );
        let names: Vec<String> = query.fetch_all(&mut *self.connection).await?;
        Ok((!names.is_empty()).then(|| {
            format!(
                "The PostgreSQL server runs with {} = off: when its machine fails, what was acknowledged to callers can be \
                 lost and the database damaged. Set it to on in the server's configuration.",
                names.join(" = off and ")
            )
        }))
    }
}

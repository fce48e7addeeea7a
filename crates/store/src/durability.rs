//! Whether the database's settings let a commit survive a loss of power.

use super::{Engine, Records, Store, StoreError};

impl Store {
    /// The settings of the database's server with which a loss of power can lose acknowledged changes or damage the
    /// database, and the cure. The host cannot change these settings, since they hold for the whole server.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn durability_warning(&self) -> Result<Option<String>, StoreError> {
        match self.engine() {
            // The host tells each connection to wait for the disk.
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
                "The PostgreSQL server runs with {} = off: when its machine fails, acknowledged changes can be \
                 lost and the database damaged. Set it to on in the server's configuration.",
                names.join(" = off and ")
            )
        }))
    }
}

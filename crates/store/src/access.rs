//! Who may do what, read whole, and the count of its changes.

use std::collections::BTreeMap;

use sqlx::Row as _;

use super::{Records, StoreError};
use crate::model::Role;

impl Records<'_> {
    /// A number that every change to sites, users, roles and keys raises, whoever makes it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn access_generation(&mut self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT generation FROM access_generation").fetch_one(&mut *self.connection).await?;
        Ok(row.try_get(0)?)
    }

    /// Every user's roles, by the number of the user and of the site.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn all_roles(&mut self) -> Result<BTreeMap<i64, BTreeMap<i64, Role>>, StoreError> {
        let mut roles = BTreeMap::<i64, BTreeMap<i64, Role>>::new();
        let rows =
            sqlx::query("SELECT user_id, site_id, role FROM user_roles").fetch_all(&mut *self.connection).await?;
        for row in rows {
            let role = row.try_get::<String, _>(2)?.parse().map_err(StoreError::Unreadable)?;
            roles.entry(row.try_get(0)?).or_default().insert(row.try_get(1)?, role);
        }
        Ok(roles)
    }

    /// Marks a point that [`undo_to_mark`](Self::undo_to_mark) returns to, within a transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mark(&mut self) -> Result<(), StoreError> {
        sqlx::query("SAVEPOINT mark").execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Undoes what was changed since the mark; what came before it stays.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn undo_to_mark(&mut self) -> Result<(), StoreError> {
        sqlx::query("ROLLBACK TO SAVEPOINT mark").execute(&mut *self.connection).await?;
        Ok(())
    }
}

//! Who may do what, read whole, and the count of its changes.

use std::collections::BTreeMap;

use super::users::RoleRow;
use super::{Records, StoreError};
use crate::model::{Role, SiteId, UserId};

impl Records<'_> {
    /// A number that every change to sites, users, roles and keys raises, whoever makes it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn access_generation(&mut self) -> Result<i64, StoreError> {
        let query = sqlx::query_scalar("SELECT generation FROM access_generation");
        Ok(query.fetch_one(&mut *self.connection).await?)
    }

    /// Every user's roles, by the number of the user and of the site.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn all_roles(&mut self) -> Result<BTreeMap<UserId, BTreeMap<SiteId, Role>>, StoreError> {
        let mut roles = BTreeMap::<UserId, BTreeMap<SiteId, Role>>::new();
        let query = sqlx::query_as::<_, RoleRow>("SELECT user_id, site_id, role FROM user_roles");
        for row in query.fetch_all(&mut *self.connection).await? {
            roles.entry(row.user_id).or_default().insert(row.site_id, row.role);
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

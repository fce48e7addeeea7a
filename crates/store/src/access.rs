//! Users' rights, read as a whole, and the version of these rights.

use std::collections::BTreeMap;

use super::users::RoleRow;
use super::{Records, StoreError};
use crate::model::{AccessGeneration, Role, SiteId, UserId};

impl Records<'_> {
    /// The version of the rights. Each change to sites, users, roles or keys raises it, by any host.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn access_generation(&mut self) -> Result<AccessGeneration, StoreError> {
        let query = sqlx::query_scalar("SELECT generation FROM access_generation");
        Ok(query.fetch_one(&mut *self.connection).await?)
    }

    /// Every user's roles, by user and site.
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

    /// Sets a savepoint, to which [`undo_to_mark`](Self::undo_to_mark) returns within a transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mark(&mut self) -> Result<(), StoreError> {
        sqlx::query("SAVEPOINT mark").execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Undoes all changes since the savepoint. Changes before it stay.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn undo_to_mark(&mut self) -> Result<(), StoreError> {
        sqlx::query("ROLLBACK TO SAVEPOINT mark").execute(&mut *self.connection).await?;
        Ok(())
    }
}

//! Users, and their roles on sites, in the store.

use std::collections::BTreeMap;

use super::{Records, StoreError, check};
use crate::columns::from_row;
use crate::model::name::{checked_name, name_key};
use crate::model::{Moment, Role, SiteId, User, UserId};

/// A user to be created.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its name.
    pub name: String,
    /// The address that mail goes to.
    pub email: Option<String>,
    /// Whether it is an administrator, who has every right on every site and manages the instance.
    pub is_administrator: bool,
}

/// A change of a user. A field that is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// Its new name.
    pub name: Option<String>,
    /// The new address that mail goes to. An empty text removes it.
    pub email: Option<String>,
    /// Whether the user is active.
    pub active: Option<bool>,
    /// Whether it is an administrator, who has every right on every site and manages the instance.
    pub is_administrator: Option<bool>,
}

/// A user's role on a site.
pub(super) struct RoleRow {
    pub(super) user_id: UserId,
    pub(super) site_id: SiteId,
    pub(super) role: Role,
}

from_row! { RoleRow: user_id, site_id, role }

pub(super) const COLUMNS: &str = "id, name, email, active, is_administrator";

impl Records<'_> {
    /// Creates a user, active and without a role.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when a user of that name exists. [`StoreError::Invalid`] when the name or the e-mail
    /// address is not valid.
    pub async fn create_user(&mut self, user: &NewUser, now: Moment) -> Result<User, StoreError> {
        let name = checked_name("user", &user.name)?;
        let email = user.email.as_deref().map(check::email).transpose()?;
        sqlx::query_as(
            "INSERT INTO users (name, name_key, email, active, is_administrator, created_at, modified_at)
             VALUES ($1, $2, $3, 1, $4, $5, $5)
             RETURNING id, name, email, active, is_administrator",
        )
        .bind(&name)
        .bind(name_key(&name))
        .bind(email)
        .bind(i64::from(user.is_administrator))
        .bind(now)
        .fetch_one(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "user", &name))
    }

    /// The user of that name, active or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn user(&mut self, name: &str) -> Result<User, StoreError> {
        let key = self.found_key("users", name).await?;
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM users WHERE name_key = $1"));
        let query = sqlx::query_as(sql).bind(key);
        query.fetch_optional(&mut *self.connection).await?.ok_or_else(|| StoreError::not_found("user", name))
    }

    /// All users, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn users(&mut self) -> Result<Vec<User>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM users ORDER BY name_key"));
        Ok(sqlx::query_as(sql).fetch_all(&mut *self.connection).await?)
    }

    /// Changes a user.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Duplicate`], [`StoreError::Invalid`] as for a new user, and
    /// [`StoreError::LastAdministrator`] when no administrator would be left.
    pub async fn update_user(&mut self, name: &str, change: &UserChange, now: Moment) -> Result<User, StoreError> {
        let may_demote = change.active == Some(false) || change.is_administrator == Some(false);
        // The rows are locked until the end, so that two administrators cannot remove each other at once.
        let administrators = if may_demote { self.locked_administrators().await? } else { 0 };
        let user = self.locked_user(name).await?;
        // A name from before the current rule stays until it is changed.
        let new_name = match &change.name {
            Some(name) if *name != user.name => checked_name("user", name)?,
            _ => user.name.clone(),
        };
        let email = match change.email.as_deref() {
            None => user.email.as_deref(),
            Some("") => None,
            Some(email) => Some(check::email(email)?),
        };
        let active = change.active.unwrap_or(user.active);
        let is_administrator = change.is_administrator.unwrap_or(user.is_administrator);
        if user.active && user.is_administrator && !(active && is_administrator) && administrators < 2 {
            return Err(StoreError::LastAdministrator(user.name));
        }
        sqlx::query(
            "UPDATE users SET name = $1, name_key = CASE WHEN name = $1 THEN name_key ELSE $2 END, email = $3, active = $4, is_administrator = $5,
                              modified_at = $6
             WHERE id = $7",
        )
        .bind(&new_name)
        .bind(name_key(&new_name))
        .bind(email)
        .bind(i64::from(active))
        .bind(i64::from(is_administrator))
        .bind(now)
        .bind(user.id)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "user", &new_name))?;
        if user.active && !active {
            // Otherwise they would work again once the user is active again.
            self.end_sessions(user.id, None).await?;
            self.delete_password_link(user.id).await?;
        }
        self.user(&new_name).await
    }

    /// The user of that name, locked until the transaction ends. Without the lock the transaction could overwrite
    /// another one's change.
    async fn locked_user(&mut self, name: &str) -> Result<User, StoreError> {
        let key = self.found_key("users", name).await?;
        let sql = format!("SELECT {COLUMNS} FROM users WHERE name_key = $1{}", self.engine.for_update());
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(key);
        query.fetch_optional(&mut *self.connection).await?.ok_or_else(|| StoreError::not_found("user", name))
    }

    /// The number of active administrators, whose rows are locked until the transaction ends. This lock comes before
    /// any lock on a single user.
    async fn locked_administrators(&mut self) -> Result<usize, StoreError> {
        let sql = format!(
            "SELECT id FROM users WHERE active = 1 AND is_administrator = 1 ORDER BY id{}",
            self.engine.for_update()
        );
        Ok(sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *self.connection).await?.len())
    }

    /// Removes a user's role on a site. Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_role(&mut self, user: UserId, site: SiteId) -> Result<bool, StoreError> {
        let removed = sqlx::query("DELETE FROM user_roles WHERE user_id = $1 AND site_id = $2")
            .bind(user)
            .bind(site)
            .execute(&mut *self.connection)
            .await?;
        Ok(removed.rows_affected() == 1)
    }

    /// Sets a user's role on a site, in place of an earlier one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_role(&mut self, user: UserId, site: SiteId, role: Role) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO user_roles (user_id, site_id, role) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, site_id) DO UPDATE SET role = excluded.role",
        )
        .bind(user)
        .bind(site)
        .bind(role.as_str())
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// A user's roles, by site.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn roles(&mut self, user: UserId) -> Result<BTreeMap<SiteId, Role>, StoreError> {
        let query = sqlx::query_as::<_, RoleRow>("SELECT user_id, site_id, role FROM user_roles WHERE user_id = $1");
        let rows = query.bind(user).fetch_all(&mut *self.connection).await?;
        Ok(rows.into_iter().map(|row| (row.site_id, row.role)).collect())
    }
}

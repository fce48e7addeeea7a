//! Users, and their roles on sites, in the store.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Records, StoreError};
use crate::model::{Role, User};

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its name.
    pub name: String,
    /// Where mail goes.
    pub email: Option<String>,
    /// Whether it has every right on every site, and manages the instance.
    pub is_administrator: bool,
}

const COLUMNS: &str = "id, name, email, active, is_administrator";

impl Records<'_> {
    /// Makes a user, active and without a role. `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when there is one of that name.
    pub async fn create_user(&mut self, user: &NewUser, now: i64) -> Result<User, StoreError> {
        let row = sqlx::query(
            "INSERT INTO users (name, name_key, email, active, is_administrator, created_at, modified_at)
             VALUES ($1, $2, $3, 1, $4, $5, $5)
             RETURNING id, name, email, active, is_administrator",
        )
        .bind(&user.name)
        .bind(user.name.to_lowercase())
        .bind(user.email.as_deref())
        .bind(i64::from(user.is_administrator))
        .bind(now)
        .fetch_one(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "user", &user.name))?;
        read(&row)
    }

    /// The user of that name, active or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn user(&mut self, name: &str) -> Result<User, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM users WHERE name_key = $1"));
        let row = sqlx::query(sql).bind(name.to_lowercase()).fetch_optional(&mut *self.connection).await?;
        row.as_ref().map(read).transpose()?.ok_or_else(|| StoreError::not_found("user", name))
    }

    /// Gives a user a role on a site, in place of the one it had there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_role(&mut self, user: i64, site: i64, role: Role) -> Result<(), StoreError> {
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

    /// A user's roles by the number of the site.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn roles(&mut self, user: i64) -> Result<BTreeMap<i64, Role>, StoreError> {
        let rows = sqlx::query("SELECT site_id, role FROM user_roles WHERE user_id = $1")
            .bind(user)
            .fetch_all(&mut *self.connection)
            .await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get::<String, _>(1)?.parse().map_err(StoreError::Unreadable)?)))
            .collect()
    }
}

fn read(row: &AnyRow) -> Result<User, StoreError> {
    Ok(User {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        email: row.try_get(2)?,
        active: row.try_get::<i64, _>(3)? == 1,
        is_administrator: row.try_get::<i64, _>(4)? == 1,
    })
}

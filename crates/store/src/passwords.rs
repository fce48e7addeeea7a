//! Passwords as hashes, and the one-time links to set them, in the store.

use super::columns::{Maybe, Sealed, from_row};
use super::{Records, StoreError};
use crate::model::{Moment, User, UserId};

/// What a sign-in by password is checked against.
#[derive(Clone)]
pub struct SignInCredentials {
    /// The user.
    pub user: User,
    /// The hash of the password. `None` for a user without one.
    pub hash: Option<String>,
    /// The sealed secret of the authenticator app. `None` unless the user has confirmed one.
    pub totp: Option<Vec<u8>>,
}

from_row! { SignInCredentials: hash, totp as Maybe<Sealed>, ..user }

impl std::fmt::Debug for SignInCredentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SignInCredentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A one-time link to be stored.
#[derive(Debug, Clone)]
pub struct NewPasswordLink {
    /// The user whose password it sets.
    pub user: UserId,
    /// The hash of its token.
    pub hash: String,
    /// When it expires.
    pub expires_at: Moment,
}

/// A stored link and its user.
#[derive(Debug, Clone)]
pub struct PasswordLink {
    /// The user whose password it sets.
    pub user: User,
    /// When it was created.
    pub created_at: Moment,
    /// When it expires.
    pub expires_at: Moment,
}

from_row! { PasswordLink: created_at, expires_at, ..user }

const USER: &str = "u.id, u.name, u.email, u.active, u.is_administrator";

impl Records<'_> {
    /// The credentials of the user of that name. Unknown and known users take the same statements.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sign_in_credentials(&mut self, name: &str) -> Result<Option<SignInCredentials>, StoreError> {
        let key = self.found_key("users", name).await?;
        let sql = format!(
            "SELECT {USER}, p.hash, t.secret AS totp FROM users u
             LEFT JOIN passwords p ON p.user_id = u.id
             LEFT JOIN totp t ON t.user_id = u.id AND t.confirmed_at IS NOT NULL
             WHERE u.name_key = $1"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(key);
        Ok(query.fetch_optional(&mut *self.connection).await?)
    }

    /// Locks a user until the transaction ends, and returns it and the hash of its password. A sign-in and a change of
    /// the password cannot miss each other then.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lock_password(&mut self, user: UserId) -> Result<Option<(User, Option<String>)>, StoreError> {
        let sql = format!("SELECT {USER} FROM users u WHERE u.id = $1{}", self.engine.for_update());
        let query = sqlx::query_as::<_, User>(sqlx::AssertSqlSafe(sql)).bind(user);
        let Some(found) = query.fetch_optional(&mut *self.connection).await? else { return Ok(None) };
        let query = sqlx::query_scalar("SELECT hash FROM passwords WHERE user_id = $1").bind(user);
        Ok(Some((found, query.fetch_optional(&mut *self.connection).await?)))
    }

    /// Sets a user's password.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_password(&mut self, user: UserId, hash: &str, now: Moment) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO passwords (user_id, hash, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
        )
        .bind(user)
        .bind(hash)
        .bind(now)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Stores a link in place of the user's earlier one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_password_link(&mut self, new: &NewPasswordLink, now: Moment) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO password_links (user_id, hash, created_at, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id) DO UPDATE
             SET hash = excluded.hash, created_at = excluded.created_at, expires_at = excluded.expires_at",
        )
        .bind(new.user)
        .bind(&new.hash)
        .bind(now)
        .bind(new.expires_at)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// The link whose token has this hash, expired or not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn password_link(&mut self, hash: &str) -> Result<Option<PasswordLink>, StoreError> {
        let sql = format!(
            "SELECT {USER}, l.created_at, l.expires_at FROM password_links l JOIN users u ON u.id = l.user_id
             WHERE l.hash = $1"
        );
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(hash).fetch_optional(&mut *self.connection).await?)
    }

    /// Deletes the link whose token has this hash. Returns whether it existed: of two callers, only one uses it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn use_password_link(&mut self, hash: &str) -> Result<bool, StoreError> {
        let query = sqlx::query("DELETE FROM password_links WHERE hash = $1").bind(hash);
        Ok(query.execute(&mut *self.connection).await?.rows_affected() == 1)
    }

    /// Deletes a user's link, if it has one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_password_link(&mut self, user: UserId) -> Result<(), StoreError> {
        let query = sqlx::query("DELETE FROM password_links WHERE user_id = $1").bind(user);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }
}

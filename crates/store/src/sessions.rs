//! Sessions of the console in the store. Their tokens are stored as hashes.

use super::{Records, StoreError};
use crate::model::{Moment, Session, SessionId, SignInMethod, UserId};

/// The most sessions of a user. A new session ends the one with the oldest last request.
const MOST: i64 = 20;

/// A session to be created.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The hash of its token.
    pub hash: String,
    /// Its user.
    pub user: UserId,
    /// How the user signed in.
    pub method: SignInMethod,
    /// The address of the browser.
    pub address: String,
    /// When the session ends even if it is in use.
    pub ends_at: Moment,
}

const COLUMNS: &str = "id, user_id, method, address, created_at, seen_at, ends_at";

impl Records<'_> {
    /// Creates a session.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn create_session(&mut self, new: &NewSession, now: Moment) -> Result<SessionId, StoreError> {
        sqlx::query(
            "DELETE FROM sessions WHERE user_id = $1 AND id NOT IN
                 (SELECT id FROM sessions WHERE user_id = $1 ORDER BY seen_at DESC, id DESC LIMIT $2)",
        )
        .bind(new.user)
        .bind(MOST - 1)
        .execute(&mut *self.connection)
        .await?;
        let query = sqlx::query_scalar(
            "INSERT INTO sessions (hash, user_id, method, address, created_at, seen_at, ends_at)
             VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id",
        );
        let query = query.bind(&new.hash).bind(new.user).bind(new.method).bind(&new.address).bind(now);
        Ok(query.bind(new.ends_at).fetch_one(&mut *self.connection).await?)
    }

    /// The session whose token has this hash, valid or not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn session(&mut self, hash: &str) -> Result<Option<Session>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM sessions WHERE hash = $1"));
        Ok(sqlx::query_as(sql).bind(hash).fetch_optional(&mut *self.connection).await?)
    }

    /// A user's sessions, valid or not, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sessions(&mut self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM sessions WHERE user_id = $1 ORDER BY id DESC"));
        Ok(sqlx::query_as(sql).bind(user).fetch_all(&mut *self.connection).await?)
    }

    /// Records a request of a session at `now`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn touch_session(&mut self, id: SessionId, now: Moment) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE sessions SET seen_at = $1 WHERE id = $2 AND seen_at < $1");
        query.bind(now).bind(id).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Ends a session of a user. Returns whether it existed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn end_session(&mut self, user: UserId, id: SessionId) -> Result<bool, StoreError> {
        let query = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id = $2");
        Ok(query.bind(user).bind(id).execute(&mut *self.connection).await?.rows_affected() == 1)
    }

    /// Ends a user's sessions, except one if it is given. Returns their number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn end_sessions(&mut self, user: UserId, except: Option<SessionId>) -> Result<u64, StoreError> {
        // No session has the id 0.
        let except = except.unwrap_or(SessionId(0));
        let query = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2");
        Ok(query.bind(user).bind(except).execute(&mut *self.connection).await?.rows_affected())
    }
}

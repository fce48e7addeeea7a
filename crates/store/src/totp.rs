//! Authenticator apps and recovery codes in the store. Secrets are sealed, and codes are stored as hashes.

use super::columns::{Sealed, encoded, from_row};
use super::sealed_column::SealedColumn;
use super::{Records, StoreError};
use crate::model::{KeyId, Moment, UserId};

/// A user's authenticator app.
#[derive(Clone)]
pub struct StoredTotp {
    /// Its secret, sealed.
    pub sealed: Vec<u8>,
    /// When the user confirmed it with a code.
    pub confirmed_at: Option<Moment>,
}

from_row! { StoredTotp: sealed as Sealed = "secret", confirmed_at }

impl std::fmt::Debug for StoredTotp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StoredTotp").field("confirmed_at", &self.confirmed_at).finish_non_exhaustive()
    }
}

/// The context that the secret of a user's authenticator app is sealed with.
#[must_use]
pub fn totp_sealing_context(user: UserId) -> String {
    format!("totp/{user}")
}

impl Records<'_> {
    /// A user's authenticator app, confirmed or not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn totp(&mut self, user: UserId) -> Result<Option<StoredTotp>, StoreError> {
        let query = sqlx::query_as("SELECT secret, confirmed_at FROM totp WHERE user_id = $1").bind(user);
        Ok(query.fetch_optional(&mut *self.connection).await?)
    }

    /// Stores an authenticator app that the user has not confirmed, in place of an earlier one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_totp(&mut self, user: UserId, sealed: &[u8], now: Moment) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO totp (user_id, secret, sealing_key, created_at, last_step) VALUES ($1, $2, $3, $4, 0)
             ON CONFLICT (user_id) DO UPDATE
             SET secret = excluded.secret, sealing_key = excluded.sealing_key, created_at = excluded.created_at,
                 confirmed_at = NULL, last_step = 0",
        )
        .bind(user)
        .bind(encoded(sealed))
        .bind(KeyId::of(sealed).map(|key| key.to_string()))
        .bind(now)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Records that the user has confirmed the app.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn confirm_totp(&mut self, user: UserId, now: Moment) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE totp SET confirmed_at = $1 WHERE user_id = $2");
        query.bind(now).bind(user).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Takes the code of `step`, at the step `current` of the clock. Returns whether it may be accepted: no code of this
    /// step or a later one was. A last step beyond the next one was stored by a clock that was ahead, and does not count.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_totp_step(&mut self, user: UserId, step: i64, current: i64) -> Result<bool, StoreError> {
        let query =
            sqlx::query("UPDATE totp SET last_step = $1 WHERE user_id = $2 AND (last_step < $1 OR last_step > $3)");
        let taken = query.bind(step).bind(user).bind(current.saturating_add(1)).execute(&mut *self.connection).await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Removes a user's authenticator app and recovery codes. Returns whether there was an app. The caller has taken the
    /// sealing lock.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_totp(&mut self, user: UserId) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user).execute(&mut *self.connection).await?;
        let gone = sqlx::query("DELETE FROM totp WHERE user_id = $1").bind(user).execute(&mut *self.connection).await?;
        Ok(gone.rows_affected() == 1)
    }

    /// Stores the hashes of new recovery codes in place of earlier ones.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_recovery_codes(&mut self, user: UserId, hashes: &[String]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user).execute(&mut *self.connection).await?;
        for hash in hashes {
            let query = sqlx::query("INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)");
            query.bind(user).bind(hash).execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// Deletes the recovery code of this hash. Returns whether it existed: a code is accepted once.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_recovery_code(&mut self, user: UserId, hash: &str) -> Result<bool, StoreError> {
        let query = sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2").bind(user).bind(hash);
        Ok(query.execute(&mut *self.connection).await?.rows_affected() == 1)
    }

    /// The number of a user's unused recovery codes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn recovery_codes_left(&mut self, user: UserId) -> Result<i64, StoreError> {
        let query = sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM recovery_codes WHERE user_id = $1");
        Ok(query.bind(user).fetch_one(&mut *self.connection).await?)
    }
}

/// The secrets of authenticator apps, for a rotation of the sealing key.
pub(super) const TOTP_SECRETS: SealedColumn =
    SealedColumn { table: "totp", id: "user_id", column: "secret", context: |id| totp_sealing_context(UserId(id)) };

//! How the console looks for a user, in the store.

use super::{Records, StoreError, check};
use crate::model::{Profile, UserId};

impl Records<'_> {
    /// A user's profile. The default one until the user sets another.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn profile(&mut self, user: UserId) -> Result<Profile, StoreError> {
        let query = sqlx::query_as("SELECT time_zone, theme FROM profiles WHERE user_id = $1").bind(user);
        Ok(query.fetch_optional(&mut *self.connection).await?.unwrap_or_default())
    }

    /// Sets a user's profile. Returns it with the time zone in the spelling of the time zone database.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an unknown time zone.
    pub async fn set_profile(&mut self, user: UserId, profile: &Profile) -> Result<Profile, StoreError> {
        let time_zone = profile.time_zone.as_deref().map(check::time_zone).transpose()?;
        sqlx::query(
            "INSERT INTO profiles (user_id, time_zone, theme) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET time_zone = excluded.time_zone, theme = excluded.theme",
        )
        .bind(user)
        .bind(time_zone.as_deref())
        .bind(profile.theme)
        .execute(&mut *self.connection)
        .await?;
        Ok(Profile { time_zone, theme: profile.theme })
    }
}

//! The subjects of OpenID Connect providers in the store, and the users that they sign in as.

use super::{Records, StoreError};
use crate::model::{Moment, User, UserId};

/// A subject of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdSubject {
    /// The provider's issuer.
    pub issuer: String,
    /// The subject, which the provider gives to no other account.
    pub subject: String,
}

impl Records<'_> {
    /// The user that the subject signs in as.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn user_of_subject(&mut self, subject: &OpenIdSubject) -> Result<Option<User>, StoreError> {
        let query = sqlx::query_as(
            "SELECT u.id, u.name, u.email, u.active, u.is_administrator
             FROM openid_subjects s JOIN users u ON u.id = s.user_id WHERE s.issuer = $1 AND s.subject = $2",
        );
        let query = query.bind(&subject.issuer).bind(&subject.subject);
        Ok(query.fetch_optional(&mut *self.connection).await?)
    }

    /// Links a subject to a user. Returns whether it did: a user has at most one subject.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn link_subject(
        &mut self,
        subject: &OpenIdSubject,
        user: UserId,
        now: Moment,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query(
            "INSERT INTO openid_subjects (issuer, subject, user_id, linked_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
        );
        let query = query.bind(&subject.issuer).bind(&subject.subject).bind(user).bind(now);
        Ok(query.execute(&mut *self.connection).await?.rows_affected() == 1)
    }
}

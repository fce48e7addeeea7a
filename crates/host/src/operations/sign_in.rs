//! Operations on how users sign in: links to set a password, sessions, and authenticator apps.

use secrecy::ExposeSecret as _;
use serde::Serialize;
use soar_store::model::name::same_name;
use soar_store::model::{Moment, Session};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Required, boxed};
use crate::Refusal;
use crate::access::{PASSWORD_LINK_PATH, issue_link};
use crate::sealing::SealingGuard;

/// A link to set a password.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordLinkMade {
    /// The name of the user whose password it sets.
    pub user: String,
    /// When it expires.
    #[schema(value_type = i64)]
    pub expires_at: Moment,
    /// The address to open in a browser. It works once. Only in the first answer: the host stores only a hash of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// The number of sessions that were ended.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct SessionsEnded {
    /// The number.
    pub ended: u64,
}

/// Whether a user had an authenticator app, which is removed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct TotpReset {
    /// Whether there was one.
    pub removed: bool,
}

impl Operations {
    /// Makes a link with which the user sets a password, in place of an earlier link. The answer to a repeat does not
    /// contain the link.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator, and for an inactive user.
    #[boxed]
    pub async fn create_password_link(
        &self,
        context: &RequestContext,
        name: &str,
    ) -> Result<PasswordLinkMade, OperationError> {
        if context.key_expires_at.is_some() {
            // A password does not expire with the key, so the key could outlive itself.
            let text = "A key that expires cannot make links to set a password. Use a key that does not expire, or the \
                        terminal.";
            return Err(Refusal::Unable(text.to_owned()).into());
        }
        let (public, settings) = (&self.public_address, &self.sign_in);
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let user = records.user(name).await?;
                    if !user.active {
                        let text = "The user is not active. Set it active first.";
                        return Err(Refusal::Because(text.to_owned()));
                    }
                    let issued = issue_link(records, user.id, settings.link_time()).await?;
                    let link = format!("{public}{PASSWORD_LINK_PATH}{}", issued.token.expose_secret());
                    let made = PasswordLinkMade { user: user.name, expires_at: issued.expires_at, link: None };
                    Done::new(PasswordLinkMade { link: Some(link), ..made.clone() }, made.user.clone())
                        .repeated_as(&made)
                })
            })
            .await
    }

    /// The user's valid sessions of the console, the newest first.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator, or the user itself.
    #[boxed]
    pub async fn list_sessions(&self, context: &RequestContext, name: &str) -> Result<Vec<Session>, OperationError> {
        if !same_name(&context.user.name, name) {
            context.must_administer()?;
        }
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let user = records.user(name).await?;
        if user.id != context.user.id {
            context.must_administer()?;
        }
        let now = records.now().await?;
        let mut sessions = records.sessions(user.id).await?;
        sessions.retain(|session| session.is_valid(now, self.sign_in.idle()));
        Ok(sessions)
    }

    /// Ends all of the user's sessions of the console.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn end_sessions(&self, context: &RequestContext, name: &str) -> Result<SessionsEnded, OperationError> {
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let user = change.records.user(name).await?;
                    let ended = change.records.end_sessions(user.id, None).await?;
                    Ok(Done::new(SessionsEnded { ended }, format!("{}: {ended} sessions", user.name)))
                })
            })
            .await
    }

    /// Removes the user's authenticator app and recovery codes, such as after the loss of a telephone.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn reset_totp(&self, context: &RequestContext, name: &str) -> Result<TotpReset, OperationError> {
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    SealingGuard::begin(&mut change.records).await?;
                    let user = change.records.user(name).await?;
                    let removed = change.records.delete_totp(user.id).await?;
                    Ok(Done::new(TotpReset { removed }, user.name))
                })
            })
            .await
    }
}

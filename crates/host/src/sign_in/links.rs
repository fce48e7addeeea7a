//! Sets a password by a one-time link.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use soar_store::model::{Moment, User};
use soar_store::{PasswordLink, StoreError};

use super::error::SignInError;
use super::rules;
use super::service::{BrowserCall, SignIn};
use crate::Refusal;
use crate::access::Purpose;
use crate::operations::{Done, OperationError, Required};

/// The name of a link's use in the audit log.
const SET_PASSWORD: &str = "set password";

/// The most that a link's clock may have been ahead.
const AHEAD: Duration = Duration::from_secs(60);

/// A link to use, and the new password.
#[derive(Debug)]
pub struct LinkToRedeem {
    /// The token at the end of the link.
    pub token: SecretString,
    /// The new password.
    pub password: SecretString,
    /// The browser.
    pub browser: BrowserCall,
}

/// Whether the link works at `now`. A link from the future was stored by a clock that was ahead.
fn works(link: &PasswordLink, now: Moment) -> bool {
    link.user.active && now < link.expires_at && link.created_at <= now + AHEAD
}

impl SignIn {
    /// The user whose password the link sets. `None` if the link does not work.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn link_user(&self, token: &SecretString) -> Result<Option<User>, StoreError> {
        let Some(hash) = Purpose::PasswordLink.hash_of(token.expose_secret()) else { return Ok(None) };
        let mut reader = self.store.access_reader().await?;
        let mut records = reader.records();
        let Some(link) = records.password_link(&hash).await? else { return Ok(None) };
        Ok(works(&link, records.now().await?).then_some(link.user))
    }

    /// Sets the password of the link's user. The link works once. All sessions of the user end, and the user signs in
    /// with the new password.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn redeem(&self, request: LinkToRedeem) -> Result<User, SignInError> {
        let LinkToRedeem { token, password, browser } = request;
        let Some(user) = &self.link_user(&token).await? else {
            return Err(self.refuse_link(&browser).await);
        };
        rules::check(password.expose_secret(), &user.name)?;
        let password = rules::normal(password.expose_secret()).ok_or(rules::PasswordProblem::Long)?;
        let password_hash = &self.hasher.hash(password).await?;
        let link_hash = &Purpose::PasswordLink.hash(token.expose_secret());
        let context = self.context(&browser, SET_PASSWORD, user);
        let set = self
            .changes
            .run(&context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let now = records.now().await?;
                    let is_active = records.lock_password(user.id).await?.is_some_and(|(user, _)| user.active);
                    let link = records.password_link(link_hash).await?;
                    let is_good = is_active && link.is_some_and(|link| works(&link, now));
                    // Of two callers that use the link at once, one deletes it.
                    if !is_good || !records.use_password_link(link_hash).await? {
                        return Err(Refusal::Forbidden(String::new()));
                    }
                    records.set_password(user.id, password_hash, now).await?;
                    let ended = records.end_sessions(user.id, None).await?;
                    Ok(Done::new((), format!("by a link; {ended} sessions ended")))
                })
            })
            .await;
        match set {
            Ok(()) => Ok(user.clone()),
            Err(OperationError::Refusal(Refusal::Forbidden(_))) => Err(self.refuse_link(&browser).await),
            Err(error) => Err(error.into()),
        }
    }

    async fn refuse_link(&self, browser: &BrowserCall) -> SignInError {
        let reason = "The link is unknown or expired, or was used before.";
        self.refuse(browser, SET_PASSWORD, None, reason, SignInError::Link).await
    }
}

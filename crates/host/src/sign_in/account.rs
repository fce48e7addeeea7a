//! A signed-in user's own account: password and profile.

use secrecy::{ExposeSecret as _, SecretString};
use soar_store::model::Profile;

use super::error::SignInError;
use super::rules;
use super::service::SignIn;
use super::sessions::ConsoleSession;
use crate::Refusal;
use crate::operations::{Done, OperationError, RequestContext, Required};

impl SignIn {
    /// Changes the user's password. The user's other sessions end.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn change_password(
        &self,
        context: &RequestContext,
        session: &ConsoleSession,
        old: &SecretString,
        new: &SecretString,
    ) -> Result<(), SignInError> {
        let user = &session.user;
        rules::check(new.expose_secret(), &user.name)?;
        let address = context.entry.address.parse().ok();
        let attempt = match self.attempts.take(&user.name, address) {
            Ok(attempt) => attempt,
            Err(retry_after) => {
                let reason = "Too many failed attempts of the user from the address.";
                return Err(self.refuse_in(context, reason, SignInError::TooMany { retry_after }).await);
            }
        };
        let found = self.store.access_reader().await?.records().sign_in_credentials(&user.name).await?;
        let hash = found.filter(|found| found.user.id == user.id).and_then(|found| found.hash);
        let Some(hash) = &hash else {
            self.attempts.give_back(attempt);
            let text = "The user has no password. Ask an administrator for a link to set one.";
            return Err(Refusal::Because(text.to_owned()).into());
        };
        let old = rules::normal(old.expose_secret()).unwrap_or_default();
        if !self.hasher.matches(old, Some(hash.clone())).await? {
            return Err(self.refuse_in(context, "The old password is wrong.", SignInError::Refused).await);
        }
        let new = rules::normal(new.expose_secret()).ok_or(rules::PasswordProblem::Long)?;
        let new_hash = &self.hasher.hash(new).await?;
        let id = session.session.id;
        let changed = self
            .changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let now = records.now().await?;
                    let found = records.lock_password(user.id).await?;
                    if !found.is_some_and(|(user, found)| user.active && found.as_ref() == Some(hash)) {
                        return Err(Refusal::Forbidden("The password was changed meanwhile.".to_owned()));
                    }
                    records.set_password(user.id, new_hash, now).await?;
                    // A link that was made before could set another password.
                    records.delete_password_link(user.id).await?;
                    let ended = records.end_sessions(user.id, Some(id)).await?;
                    Ok(Done::new((), format!("{ended} other sessions ended")))
                })
            })
            .await;
        match changed {
            Ok(()) => {
                self.attempts.succeeded(attempt);
                Ok(())
            }
            Err(OperationError::Refusal(Refusal::Forbidden(reason))) => {
                Err(self.refuse_in(context, &reason, SignInError::Refused).await)
            }
            Err(error) => {
                // The old password was right.
                self.attempts.give_back(attempt);
                Err(error.into())
            }
        }
    }

    /// Sets how the console looks for the user.
    ///
    /// # Errors
    /// [`OperationError`] for an unknown time zone.
    pub async fn set_profile(
        &self,
        context: &RequestContext,
        session: &ConsoleSession,
        profile: &Profile,
    ) -> Result<Profile, OperationError> {
        let user = session.user.id;
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let profile = change.records.set_profile(user, profile).await?;
                    let zone = profile.time_zone.as_deref().unwrap_or("the site's").to_owned();
                    let about = format!("time zone {zone}, theme {}", profile.theme);
                    Ok(Done::new(profile, about))
                })
            })
            .await
    }
}

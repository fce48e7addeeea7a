//! The user of the host that somebody from the provider signs in as.

use soar_store::model::name::checked_name;
use soar_store::model::{Moment, SignInMethod, User, UserId};
use soar_store::{NewUser, OpenIdSubject, Records, StoreError};

use super::exchange::ProviderUser;
use super::groups::Granted;
use crate::Refusal;
use crate::operations::{Done, OperationError, Required};
use crate::settings::OpenIdSettings;
use crate::sign_in::SignInError;
use crate::sign_in::password::SIGN_IN;
use crate::sign_in::provider::Provider;
use crate::sign_in::service::{BrowserCall, SignIn};
use crate::sign_in::sessions::NewConsoleSession;

impl SignIn {
    /// Begins a session of the user of this identity.
    pub(super) async fn enter(
        &self,
        provider: &Provider,
        identity: &ProviderUser,
        browser: &BrowserCall,
    ) -> Result<NewConsoleSession, SignInError> {
        let settings = &provider.settings;
        let subject = &OpenIdSubject { issuer: settings.issuer.clone(), subject: identity.subject.clone() };
        let granted = &identity.groups.as_ref().map(|groups| Granted::by(&settings.groups, groups));
        let known = self.store.access_reader().await?.records().user_of_subject(subject).await?;
        let shown = known.clone().unwrap_or_else(|| User {
            id: UserId(0),
            name: identity.name.clone().unwrap_or_default(),
            email: None,
            active: true,
            is_administrator: false,
        });
        let context = self.context(browser, SIGN_IN, &shown);
        let new = &self.new_session(SignInMethod::OpenIdConnect, browser)?;
        let begun = self
            .changes
            .run(&context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let now = records.now().await?;
                    let (user, how) = account(records, settings, subject, identity, granted.as_ref(), now).await?;
                    let mut about = vec![how.to_owned()];
                    if let Some(granted) = granted {
                        about.extend(granted.set(records, &user, now).await?);
                    }
                    let is_active = records.lock_password(user.id).await?.is_some_and(|(user, _)| user.active);
                    if !is_active {
                        return Err(Refusal::Forbidden("The user is not active.".to_owned()));
                    }
                    Ok(Done::new(new.begin(records, &user, now).await?, about.join("; ")))
                })
            })
            .await;
        match begun {
            Ok(begun) => Ok(new.begun(begun)),
            Err(OperationError::Refusal(Refusal::Forbidden(reason))) => {
                Err(self.refuse(browser, SIGN_IN, known.as_ref(), &reason, SignInError::NoUser).await)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The user that the subject signs in as, and how it was found. At the first sign-in it is linked or made, if the
/// settings allow that.
async fn account(
    records: &mut Records<'_>,
    settings: &OpenIdSettings,
    subject: &OpenIdSubject,
    identity: &ProviderUser,
    granted: Option<&Granted>,
    now: Moment,
) -> Result<(User, &'static str), Refusal> {
    if let Some(user) = records.user_of_subject(subject).await? {
        return Ok((user, "OpenID Connect"));
    }
    let refused = |reason: &str| Err(Refusal::Forbidden(reason.to_owned()));
    let Some(name) = &identity.name else {
        return refused("The subject is unknown, and the provider sent no name for it.");
    };
    let Ok(name) = checked_name("user", name) else {
        return refused("The subject is unknown, and its name cannot be the name of a user.");
    };
    let (user, how) = match records.user(&name).await {
        Ok(_) if !settings.link_users => {
            return refused("The subject is unknown. A user of its name exists, and link-users is off.");
        }
        Ok(user) if !user.active => return refused("The user is not active."),
        Ok(user) => (user, "OpenID Connect, linked at the first sign-in"),
        Err(StoreError::NotFound { .. }) if !settings.create_users => {
            return refused("The subject is unknown, and create-users is off.");
        }
        Err(StoreError::NotFound { .. }) if !granted.is_some_and(Granted::gives_any) => {
            return refused("The subject is unknown, and no group gives it a role.");
        }
        Err(StoreError::NotFound { .. }) => {
            let new = NewUser { name, email: None, is_administrator: false };
            (records.create_user(&new, now).await?, "OpenID Connect, made at the first sign-in")
        }
        Err(error) => return Err(error.into()),
    };
    if !records.link_subject(subject, user.id, now).await? {
        return refused("The user of this name belongs to another subject.");
    }
    Ok((user, how))
}

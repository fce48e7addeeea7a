//! Signing in by a password.

use secrecy::{ExposeSecret as _, SecretString};
use soar_store::SignInCredentials;
use soar_store::model::name::checked_name;
use soar_store::model::{SignInMethod, User};
use zeroize::Zeroizing;

use super::code::{self, Code};
use super::error::SignInError;
use super::rules;
use super::service::{BrowserCall, SignIn};
use super::sessions::NewConsoleSession;
use crate::Refusal;
use crate::operations::{Done, OperationError, Required};

/// The name of the sign-in in the audit log.
pub(super) const SIGN_IN: &str = "sign in";

/// A sign-in by a password.
#[derive(Debug)]
pub struct SignInRequest {
    /// The name of the user, as typed.
    pub user: String,
    /// The password.
    pub password: SecretString,
    /// The code of the authenticator app, or a recovery code.
    pub code: Option<SecretString>,
    /// The browser.
    pub browser: BrowserCall,
}

/// A user whose password was right.
struct Proved {
    user: User,
    /// The hash of the password.
    hash: String,
    /// The code, and the secret of the authenticator app.
    second: Option<(Code, Zeroizing<Vec<u8>>)>,
}

impl SignIn {
    /// Signs a user in. The answer and the work are the same for an unknown user, an inactive user, a user without a
    /// password and a wrong password.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn with_password(&self, request: SignInRequest) -> Result<NewConsoleSession, SignInError> {
        let SignInRequest { user: name, password, code, browser } = request;
        let attempt = match self.attempts.take(&name, browser.address) {
            Ok(attempt) => attempt,
            Err(retry_after) => {
                let user = self.known_user(&name).await?;
                let reason = "Too many failed attempts of the user from the address, or of the address.";
                return Err(self
                    .refuse(&browser, SIGN_IN, user.as_ref(), reason, SignInError::TooMany { retry_after })
                    .await);
            }
        };
        let proved = match self.proved(&name, &password, code.as_ref(), &browser).await {
            Ok(proved) => proved,
            Err(error) => {
                if !counts_as_failed(&error) {
                    self.attempts.give_back(attempt);
                }
                return Err(error);
            }
        };
        let begun = self.begin(&proved, &browser).await;
        match &begun {
            Ok(_) => self.attempts.succeeded(attempt),
            Err(error) if counts_as_failed(error) => return begun,
            Err(_) => self.attempts.give_back(attempt),
        }
        if let Some((Code::App(_), _)) = proved.second {
            self.attempts.give_back_code(proved.user.id);
        }
        begun
    }

    /// The user, if the password is right and a code is there if it is needed.
    async fn proved(
        &self,
        name: &str,
        password: &SecretString,
        code: Option<&SecretString>,
        browser: &BrowserCall,
    ) -> Result<Proved, SignInError> {
        // A text that is no name is the name of no user.
        let found = match checked_name("user", name) {
            Ok(_) => self.store.access_reader().await?.records().sign_in_credentials(name).await?,
            Err(_) => None,
        };
        let hash = found.as_ref().filter(|found| found.user.active).and_then(|found| found.hash.clone());
        let (password, compared) = match rules::normal(password.expose_secret()) {
            Some(password) => (password, hash.clone()),
            None => (Zeroizing::default(), None),
        };
        let is_right = self.hasher.matches(password, compared).await?;
        let (user, hash, totp) = match (found, hash) {
            (Some(SignInCredentials { user, totp, .. }), Some(hash)) if is_right => (user, hash, totp),
            (found, _) => {
                let reason = match &found {
                    None => "There is no such user.",
                    Some(found) if !found.user.active => "The user is not active.",
                    Some(found) if found.hash.is_none() => "The user has no password.",
                    Some(_) => "The password is wrong.",
                };
                let user = found.map(|found| found.user);
                return Err(self.refuse(browser, SIGN_IN, user.as_ref(), reason, SignInError::Refused).await);
            }
        };
        let second = match (totp, code) {
            (None, _) => None,
            (Some(_), None) => return Err(SignInError::CodeNeeded),
            (Some(sealed), Some(code)) => {
                let Some(code) = Code::read(code.expose_secret()) else {
                    let reason = "The code is wrong.";
                    return Err(self.refuse(browser, SIGN_IN, Some(&user), reason, SignInError::Refused).await);
                };
                if let Code::App(_) = code
                    && let Err(retry_after) = self.attempts.take_code(user.id)
                {
                    let reason = "Too many wrong codes of the user.";
                    let error = SignInError::TooMany { retry_after };
                    return Err(self.refuse(browser, SIGN_IN, Some(&user), reason, error).await);
                }
                Some((code, code::opened(self.seal.as_ref(), &user, &sealed)?))
            }
        };
        Ok(Proved { user, hash, second })
    }

    /// Begins a session of a user whose password was right.
    async fn begin(&self, proved: &Proved, browser: &BrowserCall) -> Result<NewConsoleSession, SignInError> {
        let Proved { user, hash, second } = proved;
        let context = self.context(browser, SIGN_IN, user);
        let new = &self.new_session(SignInMethod::Password, browser)?;
        let about = match second {
            None => "password",
            Some((Code::App(_), _)) => "password and code",
            Some((Code::Recovery(_), _)) => "password and recovery code",
        };
        let begun = self
            .changes
            .run(&context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let now = records.now().await?;
                    // The password may have been changed, or the user deactivated, since they were read.
                    let found = records.lock_password(user.id).await?;
                    if !found.is_some_and(|(user, found)| user.active && found.as_ref() == Some(hash)) {
                        return Err(Refusal::Forbidden("The user or its password was changed meanwhile.".to_owned()));
                    }
                    if let Some((code, secret)) = second {
                        code.take(records, user, secret, now).await?;
                    }
                    Ok(Done::new(new.begin(records, user, now).await?, about))
                })
            })
            .await;
        match begun {
            Ok(begun) => Ok(new.begun(begun)),
            Err(OperationError::Refusal(Refusal::Forbidden(reason))) => {
                Err(self.refuse(browser, SIGN_IN, Some(user), &reason, SignInError::Refused).await)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a sign-in that ended with `error` counts as a failed attempt. [`SignInError::Failed`] counts: the host answers
/// with it to a wrong password too, where it cannot write the audit entry.
fn counts_as_failed(error: &SignInError) -> bool {
    !matches!(error, SignInError::CodeNeeded | SignInError::Busy | SignInError::Operation(_))
}

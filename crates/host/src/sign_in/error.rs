//! The reasons for which a sign-in or a change of an account is not done.

use soar_store::StoreError;

use super::PasswordProblem;
use crate::Refusal;
use crate::access::NoRandomness;
use crate::operations::OperationError;

/// The reason for which a sign-in or a change of an account was not done. The texts are for the person at the browser.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The user name, the password or the code is wrong. The audit log has the reason.
    #[error("The user name, the password or the code is wrong.")]
    Refused,
    /// The password is right, and the user has an authenticator app. Try again with a code.
    #[error("Enter a code of the authenticator app, or a recovery code.")]
    CodeNeeded,
    /// The code is wrong, or it was used before.
    #[error("The code is wrong or was used before. Enter the next code of the authenticator app.")]
    WrongCode,
    /// There were too many failed attempts.
    #[error("There were too many failed attempts. Try again in {retry_after} seconds.")]
    TooMany {
        /// The seconds until the next attempt is possible.
        retry_after: u64,
    },
    /// Too many sign-ins are under way.
    #[error("Too many sign-ins are under way. Try again in a few seconds.")]
    Busy,
    /// The settings have no OpenID Connect provider.
    #[error("This host has no OpenID Connect provider.")]
    NoProvider,
    /// The sign-in by the OpenID Connect provider failed. The audit log has the reason.
    #[error(
        "The sign-in at the identity provider failed. Try again. If it fails again, ask an administrator: the audit \
             log has the reason."
    )]
    Provider,
    /// The OpenID Connect provider knows the person, and the host has no user for it.
    #[error("The identity provider knows you, and this host has no active user for you. Ask an administrator.")]
    NoUser,
    /// The new password is refused.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// The link to set a password does not work.
    #[error("The link has expired or was used before. Ask an administrator for a new one.")]
    Link,
    /// The user has no password that could be changed.
    #[error("The user has no password. Ask an administrator for a link to set one.")]
    NoPassword,
    /// The host cannot do it now. The log has the cause.
    #[error("The host failed. Its log has the cause.")]
    Failed,
    /// The operation was refused, or the store failed.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

impl SignInError {
    /// A failure of the host, whose cause is logged.
    pub(super) fn failed(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a sign-in failed");
        Self::Failed
    }
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Operation(error.into())
    }
}

impl From<Refusal> for SignInError {
    fn from(refusal: Refusal) -> Self {
        Self::Operation(refusal.into())
    }
}

impl From<NoRandomness> for SignInError {
    fn from(error: NoRandomness) -> Self {
        Self::failed(&error)
    }
}

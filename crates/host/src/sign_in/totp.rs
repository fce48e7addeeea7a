//! A signed-in user's authenticator app and recovery codes.

use secrecy::{ExposeSecret as _, SecretString};
use soar_store::totp_sealing_context;
use totp_rs::Secret;

use super::code::{self, Code};
use super::error::SignInError;
use super::service::SignIn;
use super::sessions::ConsoleSession;
use crate::Refusal;
use crate::access::{Purpose, random};
use crate::operations::{Done, OperationError, RequestContext, Required};
use crate::sealing::SealingGuard;

/// The bytes of the secret of an authenticator app, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;

/// The bytes of a recovery code.
const RECOVERY_BYTES: usize = 10;

/// The number of recovery codes of a user.
const RECOVERY_CODES: usize = 10;

const NO_PASSWORD: &str = "The user signs in without a password, so an authenticator app would have no effect.";
const HAS_APP: &str = "The user already has an authenticator app. Remove it first.";

/// An authenticator app that the user has not confirmed yet.
#[derive(Debug)]
pub struct TotpEnrolment {
    /// The secret in base 32, for typing it into the app.
    pub secret: SecretString,
    /// The address `otpauth://…`, for a QR code.
    pub address: SecretString,
}

/// New recovery codes. They are shown once.
#[derive(Debug)]
pub struct RecoveryCodes(pub Vec<SecretString>);

impl SignIn {
    /// Begins the enrolment of an authenticator app. It takes effect once the user has confirmed it with a code.
    ///
    /// # Errors
    /// [`SignInError`] for a user who has an app already, or no password.
    pub async fn begin_totp(
        &self,
        context: &RequestContext,
        session: &ConsoleSession,
    ) -> Result<TotpEnrolment, SignInError> {
        let user = &session.user;
        let secret = random::<SECRET_BYTES>()?;
        let app = code::app(secret.as_slice(), Some(&user.name)).ok_or(SignInError::Failed)?;
        let enrolment = TotpEnrolment {
            secret: app.secret().to_base32().into(),
            address: app.to_url().map_err(|error| SignInError::failed(&error))?.into(),
        };
        let (seal, secret) = (self.seal.as_ref(), secret.as_slice());
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let records = &mut change.records;
                    SealingGuard::begin(records).await?;
                    let password = records.lock_password(user.id).await?.and_then(|(_, password)| password);
                    if password.is_none() {
                        return Err(Refusal::Because(NO_PASSWORD.to_owned()));
                    }
                    if records.totp(user.id).await?.is_some_and(|totp| totp.confirmed_at.is_some()) {
                        return Err(Refusal::Because(HAS_APP.to_owned()));
                    }
                    let now = records.now().await?;
                    let sealed = seal.seal(&totp_sealing_context(user.id), secret);
                    let sealed = sealed.map_err(|error| Refusal::Unable(error.to_string()))?;
                    SealingGuard::note_key_of(records, &sealed, now).await?;
                    records.keep_totp(user.id, &sealed, now).await?;
                    Ok(Done::new((), "not confirmed yet"))
                })
            })
            .await?;
        Ok(enrolment)
    }

    /// Confirms an authenticator app with one of its codes. From then on a sign-in by password needs a code.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn confirm_totp(
        &self,
        context: &RequestContext,
        session: &ConsoleSession,
        code: &SecretString,
    ) -> Result<RecoveryCodes, SignInError> {
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        let mut hashes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let code = Secret::from(random::<RECOVERY_BYTES>()?.to_vec()).to_base32();
            hashes.push(Purpose::RecoveryCode.hash(&code));
            codes.push(grouped(&code).into());
        }
        self.change_totp(context, session, code, &TotpChange::Confirm(hashes)).await?;
        Ok(RecoveryCodes(codes))
    }

    /// Removes the authenticator app and the recovery codes. It takes a code of the app, or a recovery code.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn remove_totp(
        &self,
        context: &RequestContext,
        session: &ConsoleSession,
        code: &SecretString,
    ) -> Result<(), SignInError> {
        self.change_totp(context, session, code, &TotpChange::Remove).await
    }

    /// Whether the user has confirmed an authenticator app, and the number of its unused recovery codes.
    ///
    /// # Errors
    /// [`StoreError`](soar_store::StoreError).
    pub async fn totp_state(&self, session: &ConsoleSession) -> Result<Option<i64>, soar_store::StoreError> {
        let mut reader = self.store.access_reader().await?;
        let mut records = reader.records();
        let totp = records.totp(session.user.id).await?;
        match totp.and_then(|totp| totp.confirmed_at) {
            Some(_) => Ok(Some(records.recovery_codes_left(session.user.id).await?)),
            None => Ok(None),
        }
    }

    async fn change_totp(
        &self,
        context: &RequestContext,
        session: &ConsoleSession,
        code: &SecretString,
        change_to_make: &TotpChange,
    ) -> Result<(), SignInError> {
        let user = &session.user;
        let Some(code) = &Code::read(code.expose_secret()) else {
            return Err(self.refuse_in(context, "The code is wrong.", SignInError::WrongCode).await);
        };
        if let Err(retry_after) = self.attempts.take_code(user.id) {
            let error = SignInError::TooMany { retry_after };
            return Err(self.refuse_in(context, "Too many wrong codes of the user.", error).await);
        }
        let seal = self.seal.as_ref();
        let changed = self
            .changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let records = &mut change.records;
                    SealingGuard::begin(records).await?;
                    let now = records.now().await?;
                    let found = records.totp(user.id).await?;
                    let found = found.ok_or_else(|| Refusal::Because("There is no authenticator app.".to_owned()))?;
                    let secret = seal.open(&totp_sealing_context(user.id), &found.sealed);
                    let secret = secret.map_err(|error| Refusal::Unable(error.to_string()))?;
                    match (change_to_make, found.confirmed_at) {
                        (TotpChange::Confirm(_), Some(_)) => Err(Refusal::Because(HAS_APP.to_owned())),
                        (TotpChange::Remove, None) => {
                            Err(Refusal::Because("The authenticator app is not confirmed yet.".to_owned()))
                        }
                        (TotpChange::Confirm(hashes), None) => {
                            code.take(records, user, &secret, now).await?;
                            records.confirm_totp(user.id, now).await?;
                            records.keep_recovery_codes(user.id, hashes).await?;
                            Ok(Done::new((), "confirmed"))
                        }
                        (TotpChange::Remove, Some(_)) => {
                            code.take(records, user, &secret, now).await?;
                            records.delete_totp(user.id).await?;
                            Ok(Done::new((), "removed"))
                        }
                    }
                })
            })
            .await;
        match changed {
            Err(OperationError::Refusal(Refusal::Forbidden(reason))) => {
                Err(self.refuse_in(context, &reason, SignInError::WrongCode).await)
            }
            changed => {
                self.attempts.give_back_code(user.id);
                Ok(changed?)
            }
        }
    }
}

/// A change that takes a code.
enum TotpChange {
    /// The app takes effect, with these hashes of recovery codes.
    Confirm(Vec<String>),
    Remove,
}

/// A recovery code in groups of four characters, as it is shown.
fn grouped(code: &str) -> String {
    let characters: Vec<_> = code.chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

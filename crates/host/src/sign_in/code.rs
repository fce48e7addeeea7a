//! The second factor: codes of authenticator apps, and recovery codes.

use soar_store::model::{Moment, User};
use soar_store::{Records, totp_sealing_context};
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::error::SignInError;
use crate::Refusal;
use crate::access::{Purpose, SecretSeal};

/// The digits of a code. Authenticator apps ignore other numbers of digits.
const DIGITS: u8 = 6;

/// The seconds of a time step.
const STEP: u64 = 30;

/// The steps before and after the current one whose codes are accepted, as RFC 6238 recommends.
const SKEW: u16 = 1;

/// The characters of a recovery code: 80 random bits in base 32.
const RECOVERY_CHARACTERS: usize = 16;

/// The name of the host in authenticator apps.
const ISSUER: &str = "Footprint SOAR";

/// A code as typed.
pub(super) enum Code {
    /// A code of the authenticator app.
    App(Zeroizing<String>),
    /// The hash of a recovery code.
    Recovery(String),
}

impl Code {
    /// Reads a code. Blanks and hyphens do not matter. `None` if the text cannot be a code.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|c| !c.is_whitespace() && *c != '-').take(64).collect());
        if text.len() == usize::from(DIGITS) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::App(text));
        }
        let text = Zeroizing::new(text.to_ascii_uppercase());
        let is_recovery =
            text.len() == RECOVERY_CHARACTERS && text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
        is_recovery.then(|| Self::Recovery(Purpose::RecoveryCode.hash(&text)))
    }

    /// Takes the code in the caller's transaction. It is accepted once.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] with the reason for the audit log if the code is wrong or was used before.
    pub(super) async fn take(
        &self,
        records: &mut Records<'_>,
        user: &User,
        secret: &Zeroizing<Vec<u8>>,
        now: Moment,
    ) -> Result<(), Refusal> {
        let refused = |reason: &str| Err(Refusal::Forbidden(reason.to_owned()));
        match self {
            Self::Recovery(hash) if records.take_recovery_code(user.id, hash).await? => Ok(()),
            Self::Recovery(_) => refused("The recovery code is wrong or was used before."),
            Self::App(code) => {
                let seconds = u64::try_from(now.0 / 1_000).unwrap_or_default();
                let step = app(secret, None).and_then(|app| app.check(code, seconds));
                let Some(step) = step else { return refused("The code is wrong.") };
                let (step, current) = (step.cast_signed(), (seconds / STEP).cast_signed());
                if records.take_totp_step(user.id, step, current).await? {
                    Ok(())
                } else {
                    refused("The code, or a later one, was used before.")
                }
            }
        }
    }
}

/// The authenticator app with this secret. `None` if the secret cannot be one.
pub(super) fn app(secret: &[u8], account: Option<&str>) -> Option<Totp> {
    let secret = Secret::new(secret.to_vec().into_boxed_slice());
    let app = Builder::new().with_secret(secret).with_digits(DIGITS).with_skew(SKEW).with_step_duration(STEP);
    // A colon separates issuer and account in addresses for apps.
    let app = match account {
        Some(account) => app.with_account_name(account.replace(':', "_")).with_issuer(Some(ISSUER)),
        None => app,
    };
    app.build().ok()
}

/// Opens the secret of a user's authenticator app.
pub(super) fn opened(seal: &dyn SecretSeal, user: &User, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SignInError> {
    seal.open(&totp_sealing_context(user.id), sealed).map_err(|error| SignInError::failed(&error))
}

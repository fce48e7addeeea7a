//! The interface for sealing secrets that must be read again.

use std::fmt;

use zeroize::Zeroizing;

use crate::sealing::Keyring;

/// Seals secrets and opens them.
pub trait SecretSeal: fmt::Debug + Send + Sync {
    /// Seals `secret` for `context`.
    ///
    /// # Errors
    /// [`SecretSealError`], whose text does not contain the secret.
    fn seal(&self, context: &str, secret: &[u8]) -> Result<Vec<u8>, SecretSealError>;

    /// Opens a secret that was sealed for the same `context`.
    ///
    /// # Errors
    /// [`SecretSealError`] when the bytes were sealed for another context, or were changed.
    fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretSealError>;
}

impl SecretSeal for Keyring {
    fn seal(&self, context: &str, secret: &[u8]) -> Result<Vec<u8>, SecretSealError> {
        self.seal(context, secret).map_err(|error| SecretSealError(error.to_string()))
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretSealError> {
        self.open(context, sealed).map_err(|error| SecretSealError(error.to_string()))
    }
}

/// The reason for which a secret could not be sealed or opened.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct SecretSealError(pub String);

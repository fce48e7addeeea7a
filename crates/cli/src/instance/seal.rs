//! Lets the instance's keyring seal the secrets of JWT keys.

use soar_host::access::{SealError, SecretSeal};
use soar_host::sealing::Keyring;
use zeroize::Zeroizing;

/// A keyring that seals whatever a key needs to keep.
#[derive(Debug, Clone)]
pub(crate) struct KeyringSeal(pub(crate) Keyring);

impl SecretSeal for KeyringSeal {
    fn seal(&self, context: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        self.0.seal(context, secret).map_err(|error| SealError(error.to_string()))
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.0.open(context, sealed).map_err(|error| SealError(error.to_string()))
    }
}

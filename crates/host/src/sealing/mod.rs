//! Sealing: the host encrypts secrets before it stores them. Each sealed secret is bound to the place where it is
//! stored.

mod error;
mod key;
mod key_file;
mod keyring;
mod rotation;

pub use error::SealError;
pub use keyring::Keyring;
pub use rotation::{Rotation, RotationError, SealingGuard, check_keys, rotate};

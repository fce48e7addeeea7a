//! Sealing: secrets are encrypted before they reach the store, each bound to the place where it is kept.

mod error;
mod key;
mod key_file;
mod keyring;
mod rotation;

pub use error::SealError;
pub use keyring::Keyring;
pub use rotation::{Rotation, RotationError, SealingGuard, check_keys, rotate};

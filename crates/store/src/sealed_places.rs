//! All kinds of sealed secrets in the store: a rotation that left one out would make its secrets unreadable.

use super::{ConnectionSecrets, KeySecrets, TenancySecrets};
use crate::SealedPlace;

/// What a rotation of the sealing key seals again.
pub const SEALED_PLACES: &[&dyn SealedPlace] = &[&ConnectionSecrets, &KeySecrets, &TenancySecrets];

//! All kinds of sealed secrets in the store. A rotation that left one out would make its secrets unreadable.

use super::agents::AGENT_SECRETS;
use super::followed_calls::FOLLOWED_CALLS;
use super::totp::TOTP_SECRETS;
use super::{ConnectionSecrets, KeySecrets, TenancySecrets};
use crate::SealedPlace;

/// The secrets that a rotation of the sealing key seals again.
pub const SEALED_PLACES: &[&dyn SealedPlace] =
    &[&AGENT_SECRETS, &ConnectionSecrets, &FOLLOWED_CALLS, &KeySecrets, &TenancySecrets, &TOTP_SECRETS];

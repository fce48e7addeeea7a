//! All kinds of sealed secrets in the store. A rotation that left one out would make its secrets unreadable.

use super::{AgentSecrets, ConnectionSecrets, FollowedCalls, KeySecrets, TenancySecrets, TotpSecrets};
use crate::SealedPlace;

/// The secrets that a rotation of the sealing key seals again.
pub const SEALED_PLACES: &[&dyn SealedPlace] =
    &[&AgentSecrets, &ConnectionSecrets, &FollowedCalls, &KeySecrets, &TenancySecrets, &TotpSecrets];

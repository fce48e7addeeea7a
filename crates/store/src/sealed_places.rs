//! All kinds of sealed secrets in the store: a rotation that left one out would make its secrets unreadable.

use super::{AgentSecrets, ConnectionSecrets, KeySecrets, TenancySecrets};
use crate::SealedPlace;

/// What a rotation of the sealing key seals again.
pub const SEALED_PLACES: &[&dyn SealedPlace] = &[&AgentSecrets, &ConnectionSecrets, &KeySecrets, &TenancySecrets];

//! The failures of a sync: a stable code, the cause and the cure.

use soar_connector::name::quoted;
use soar_store::model::SyncFailure;

/// A failure with this code.
pub(super) fn failure(code: &str, cause: impl Into<String>, cure: impl Into<String>) -> SyncFailure {
    SyncFailure { code: code.to_owned(), cause: cause.into(), cure: cure.into() }
}

pub(super) fn not_registered() -> SyncFailure {
    failure(
        "not-registered",
        "The tenant was added, but never registered.",
        "Register the tenant first: footprint tenant register.",
    )
}

pub(super) fn revoked_here() -> SyncFailure {
    failure(
        "revoked",
        "The tenant was revoked on this master.",
        "Register the tenant again with a new one-time key, or remove it.",
    )
}

pub(super) fn too_slow(seconds: u64) -> SyncFailure {
    failure(
        "too-slow",
        format!("The tenant did not finish within {seconds} s."),
        "Check the tenant and the network, then retry. The settings tenants.tenant-seconds and tenants.answer-seconds \
         are the timeouts.",
    )
}

pub(super) fn other_version(theirs: u32) -> SyncFailure {
    let ours = super::PROTOCOL_VERSION;
    failure(
        "other-version",
        format!(
            "The tenant uses version {theirs} of the protocol between masters and tenants, and this master uses \
             version {ours}."
        ),
        format!(
            "Update {}, so that both use the same version.",
            if theirs > ours { "this master" } else { "the tenant" }
        ),
    )
}

pub(super) fn wrong_identity() -> SyncFailure {
    failure(
        "wrong-identity",
        "The server at the tenant's address is not the registered tenant, or its answer was changed on the way or \
         belongs to another request.",
        "Check the server at the address and the proxies before it. If the tenant is a new instance, register it again \
         with a new one-time key.",
    )
}

/// The failure for a refusal that the tenant did not seal.
pub(super) fn refused_plainly(code: &str, error: &str) -> SyncFailure {
    match code {
        "revoked" => failure(
            "revoked",
            "The tenant has revoked this master.",
            "Ask for a new one-time key of the tenant and register it again, or revoke it here.",
        ),
        "unknown-pair" => failure(
            "unknown-pair",
            "The tenant does not know this master: the master was removed there, or the tenant is a new instance.",
            "Ask for a new one-time key of the tenant and register it again.",
        ),
        "key-refused" => failure(
            "key-refused",
            "The tenant does not accept the one-time key: it was used or revoked, has expired, or belongs to another \
             tenant.",
            "Make a new key on the tenant (footprint tenant key create) and register with it.",
        ),
        // The text is not authenticated, so it is shown as a quotation.
        _ => failure(
            "refused",
            format!("The tenant refused: {}.", quoted(error).trim_end_matches(['.', '"']).to_owned() + "\""),
            "See the tenant's log and audit log. Then retry.",
        ),
    }
}

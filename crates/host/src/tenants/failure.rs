//! Why something was not done on a tenant: a stable code, what was wrong, and what to do.

use soar_connector::name::quoted;
use soar_store::model::SyncFailure;

/// A failure of that code.
pub(super) fn failure(code: &str, cause: impl Into<String>, cure: impl Into<String>) -> SyncFailure {
    SyncFailure { code: code.to_owned(), cause: cause.into(), cure: cure.into() }
}

pub(super) fn not_registered() -> SyncFailure {
    failure(
        "not-registered",
        "The tenant was added, and never registered.",
        "Register it first: footprint tenant register.",
    )
}

pub(super) fn revoked_here() -> SyncFailure {
    failure(
        "revoked",
        "The tenant was revoked on this master.",
        "Register it anew with a new one-time key of the tenant, or remove it.",
    )
}

pub(super) fn too_slow(seconds: u64) -> SyncFailure {
    failure(
        "too-slow",
        format!("The tenant did not finish within {seconds} s."),
        "See how the tenant and the network to it fare, then retry. tenants.tenant-seconds and tenants.answer-seconds in \
         the settings are how long it may take.",
    )
}

pub(super) fn other_version(theirs: u32) -> SyncFailure {
    let ours = super::PROTOCOL_VERSION;
    failure(
        "other-version",
        format!(
            "The tenant speaks version {theirs} of the protocol between masters and tenants, and this master {ours}."
        ),
        format!(
            "Update {}, so that both speak the same version.",
            if theirs > ours { "this master" } else { "the tenant" }
        ),
    )
}

pub(super) fn wrong_identity() -> SyncFailure {
    failure(
        "wrong-identity",
        "What answers at the tenant's address is not the tenant that was registered, or its answer was changed on its \
         way or belongs to something else.",
        "Find out what stands at the address, or between. If the tenant was set up anew, register it with a new one-time \
         key.",
    )
}

/// What a tenant says that seals nothing.
pub(super) fn refused_plainly(code: &str, error: &str) -> SyncFailure {
    match code {
        "revoked" => failure(
            "revoked",
            "The tenant has revoked this master.",
            "Ask for a new one-time key of the tenant and register it anew, or revoke it here.",
        ),
        "unknown-pair" => failure(
            "unknown-pair",
            "The tenant does not know this master: it was removed there, or the tenant was set up anew.",
            "Ask for a new one-time key of the tenant and register it anew.",
        ),
        "key-refused" => failure(
            "key-refused",
            "The tenant does not take the one-time key: it was used, revoked or has expired, or it is another tenant's.",
            "Make a new key on the tenant (footprint tenant key create) and register with that.",
        ),
        // What stands there is not proven to be the tenant's word, so it is shown as what it is.
        _ => failure(
            "refused",
            format!("The tenant refused: {}.", quoted(error).trim_end_matches(['.', '"']).to_owned() + "\""),
            "Look into the tenant's log and audit log, which say more, then retry.",
        ),
    }
}

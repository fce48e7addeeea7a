//! Adds advice to the store's errors: what to do next.

use soar_host::Refusal;
use soar_host::operations::OperationError;
use soar_store::StoreError;
use soar_store::backup::BackupError;

use crate::exit::WrongUse;

/// `error` with its cure.
pub(crate) fn advised(error: StoreError) -> anyhow::Error {
    match &error {
        StoreError::NotFound { what, .. } => {
            let place = listing(what).map(|line| format!("\n`{line}` lists them."));
            WrongUse(format!("{error}{}", place.unwrap_or_default())).into()
        }
        StoreError::Duplicate { .. } | StoreError::Invalid(_) | StoreError::Address(_) => {
            WrongUse(error.to_string()).into()
        }
        // The error names its cure, but not the setting of the address.
        error if error.trouble().is_some() => {
            anyhow::anyhow!("{error}\nThe store's address is `store` in host.toml, or FOOTPRINT_STORE.")
        }
        StoreError::Migration(_) => anyhow::anyhow!(
            "{error}\nUse the version of footprint that the store was last opened with, or a newer one."
        ),
        StoreError::Database(_) => anyhow::anyhow!(
            "{error}\nCheck that the store is there and reachable: `store` in host.toml, or FOOTPRINT_STORE."
        ),
        _ => error.into(),
    }
}

/// A failure of a backup or a restore, with its cure.
pub(crate) fn no_backup(error: BackupError) -> anyhow::Error {
    match error {
        BackupError::Store(error) => advised(error),
        BackupError::Exists(_) | BackupError::NoBackup { .. } => WrongUse(error.to_string()).into(),
        error => error.into(),
    }
}

/// A refusal, with its cure.
pub(crate) fn refused(error: Refusal) -> anyhow::Error {
    match error {
        Refusal::Because(reason) => WrongUse(reason).into(),
        Refusal::Forbidden(reason) => anyhow::anyhow!("{reason}\n--as USER acts as another user."),
        Refusal::Unable(reason) => anyhow::Error::msg(reason),
        failed @ (Refusal::TimedOut(_) | Refusal::Panicked) => anyhow::Error::msg(failed.to_string()),
        Refusal::Settings(error) => WrongUse(error.to_string()).into(),
        Refusal::Parameters(problems) => WrongUse::from(&problems).into(),
        Refusal::About(error) | Refusal::Store(error) => advised(error),
    }
}

/// The failure of an operation, with its cure.
pub(crate) fn not_done(error: OperationError) -> anyhow::Error {
    match error {
        OperationError::Refusal(refusal) => refused(refusal),
        error => error.into(),
    }
}

/// The command line that lists things of this kind.
fn listing(what: &str) -> Option<&'static str> {
    match what {
        "site" => Some("footprint site list"),
        "user" => Some("footprint user list"),
        "key" => Some("footprint key list"),
        "connection" => Some("footprint connection list"),
        "agent" => Some("footprint agent list"),
        "incident" => Some("footprint incident list"),
        "case" => Some("footprint case list"),
        "run" => Some("footprint runs list"),
        "tenant" => Some("footprint tenant list"),
        "collected tenant" => Some("footprint findings tenants"),
        "master" => Some("footprint tenant master list"),
        "one-time key" => Some("footprint tenant key list"),
        "sync run" => Some("footprint tenant runs list"),
        "schedule" => Some("footprint schedule list"),
        _ => None,
    }
}

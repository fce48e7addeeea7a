//! Makes backups of a store while hosts use it, and restores them while no host does.

mod error;
mod postgres;
mod sqlite;
mod tools;

use std::path::Path;

pub use error::BackupError;

use super::epoch::NewEpoch;
use super::migrations::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};
use super::store_address::{checked_file, is_server};
use super::{Store, StoreError};
use crate::model::{AuditEntry, SchemaVersion};

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// Its size in bytes.
    pub bytes: u64,
    /// The version of its tables.
    pub schema: SchemaVersion,
    /// The names of the keys that its secrets are sealed with. The backup does not contain the keys themselves.
    pub sealing_keys: Vec<String>,
}

/// A store that was restored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// The version of the backup's tables.
    pub schema: SchemaVersion,
    /// The keys that its secrets are sealed with.
    pub sealing_keys: Vec<String>,
    /// The new name of the file that was in the store's place before. `None` if there was none, and on PostgreSQL.
    pub replaced: Option<String>,
    /// The work that the restored store does not repeat.
    #[serde(flatten)]
    pub epoch: NewEpoch,
}

/// Writes a backup of the store at `address`, as of one moment, to `file` and checks it. Other processes may read and
/// write the store meanwhile. `file` appears once it is complete.
///
/// # Errors
/// [`BackupError`]; a file that existed before stays.
pub async fn back_up(store: &Store, address: &str, file: &Path) -> Result<Backup, BackupError> {
    if is_server(address) {
        return postgres::back_up(store, address, file).await;
    }
    sqlite::back_up(Path::new(checked_file(address)?), file).await
}

/// Replaces the store at `address` by the backup in `file`, upgrades it and begins a new epoch. No process may have the
/// store open. `entry` is the audit entry of the restore.
///
/// # Errors
/// [`BackupError`]; the store stays as it was.
pub async fn restore(address: &str, file: &Path, entry: &AuditEntry) -> Result<Restored, BackupError> {
    crate::engine::install_drivers();
    if is_server(address) {
        return postgres::restore(address, file, entry).await;
    }
    sqlite::restore(Path::new(checked_file(address)?), file, entry).await
}

/// Upgrades a restored store, and begins its new epoch.
async fn begin_epoch(address: &str, entry: &AuditEntry) -> Result<(NewEpoch, Vec<String>), StoreError> {
    let store = Store::open(address).await?;
    let mut transaction = store.transaction().await?;
    let mut records = transaction.records();
    let epoch = records.begin_epoch(entry).await?;
    let keys = records.sealing_keys_in_use().await?;
    transaction.commit().await?;
    store.close().await;
    Ok((epoch, keys))
}

/// The version of the tables that this host makes.
fn newest(migrator: &sqlx::migrate::Migrator) -> SchemaVersion {
    SchemaVersion(migrator.iter().map(|migration| migration.version).max().unwrap_or_default())
}

/// Refuses a backup whose tables this host does not know.
fn check_schema(schema: SchemaVersion, migrator: &sqlx::migrate::Migrator) -> Result<(), BackupError> {
    let known = newest(migrator);
    if schema > known { Err(BackupError::Newer { schema, known }) } else { Ok(()) }
}

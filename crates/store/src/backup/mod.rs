//! Backups of a store while hosts use it, and their restoring while no host does.

mod error;
mod postgres;
mod sqlite;
mod tools;

use std::path::Path;

pub use error::BackupError;

use super::database::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, file_of, is_server};
use super::epoch::NewEpoch;
use super::{Store, StoreError};
use crate::model::AuditEntry;

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// How long it is.
    pub bytes: u64,
    /// The version of its tables.
    pub schema: i64,
    /// The keys that its secrets are sealed with. The backup holds none of the keys themselves.
    pub sealing_keys: Vec<String>,
}

/// A store that was restored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// The version of the backup's tables.
    pub schema: i64,
    /// The keys that its secrets are sealed with.
    pub sealing_keys: Vec<String>,
    /// Where the file is that was in the store's place before; none where there was none, and on PostgreSQL.
    pub replaced: Option<String>,
    /// What is not done again.
    #[serde(flatten)]
    pub epoch: NewEpoch,
}

/// Writes a backup of the store at `address` to `file`, as of one moment, and checks it. Others may read and write the
/// store meanwhile. The file is there only once it is whole.
///
/// # Errors
/// [`BackupError`]; a file that was there before stays.
pub async fn back_up(store: &Store, address: &str, file: &Path) -> Result<Backup, BackupError> {
    if is_server(address) {
        return postgres::back_up(store, address, file).await;
    }
    sqlite::back_up(Path::new(file_of(address)), file).await
}

/// Puts the backup in `file` in the place of the store at `address`, which no process may have open, upgrades it and
/// begins a new epoch. `entry` says who does that, for the audit log.
///
/// # Errors
/// [`BackupError`]; the store is as it was before then.
pub async fn restore(address: &str, file: &Path, entry: &AuditEntry) -> Result<Restored, BackupError> {
    sqlx::any::install_default_drivers();
    if is_server(address) {
        return postgres::restore(address, file, entry).await;
    }
    sqlite::restore(Path::new(file_of(address)), file, entry).await
}

/// Upgrades a store that was put back, and begins its new epoch.
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

/// The version of the tables that this version of the host makes.
fn newest(migrator: &sqlx::migrate::Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Refuses a backup of tables that this version does not know.
fn check_schema(schema: i64, migrator: &sqlx::migrate::Migrator) -> Result<(), BackupError> {
    let known = newest(migrator);
    if schema > known { Err(BackupError::Newer { schema, known }) } else { Ok(()) }
}

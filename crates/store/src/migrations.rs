//! The migrations of both engines, as part of the binary.

use std::sync::LazyLock;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The migrations of an engine, from the files with these names: those that both engines have, and its own.
macro_rules! migrations {
    ($engine:literal, $($own:literal),+) => {
        migrations! { @files $engine:
            "0001_access", "0002_incidents", "0003_calls", "0004_connections", "0005_schedules", "0007_tenants",
            "0010_due_work", "0011_bounds", "0012_recovering", "0013_store_state", "0014_agents", "0015_sign_in",
            "0016_findings", "0017_rules", "0018_followed_runs", "0019_scale", "0021_error_codes",
            "0023_finding_groups", $($own),+
        }
    };
    (@files $engine:literal: $($name:literal),+) => {
        LazyLock::new(|| Migrator::with_migrations(vec![
            $(migration($name, include_str!(concat!("../migrations/", $engine, "/", $name, ".sql")))),+
        ]))
    };
}

pub(super) static SQLITE_MIGRATIONS: LazyLock<Migrator> = migrations!("sqlite", "0020_incidents_by_severity");
pub(super) static POSTGRES_MIGRATIONS: LazyLock<Migrator> = migrations!("postgres", "0022_ended_collections");

/// The migration in a file named by its version and its subject. Stores keep the subject in words.
fn migration(name: &'static str, sql: &'static str) -> Migration {
    let (version, subject) = name.split_once('_').unwrap_or((name, ""));
    let version = version.parse().unwrap_or_default();
    Migration::new(version, subject.replace('_', " ").into(), MigrationType::Simple, sql.into_sql_str(), false)
}

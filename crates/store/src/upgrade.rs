//! Refuses to upgrade a store while a host of an earlier version runs on it.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{AnyPool, AssertSqlSafe};
use tokio::time::Instant;

use super::{Engine, StoreError};
use crate::columns::from_row;
use crate::model::SchemaVersion;

/// The first version whose hosts claim due work in the store's tables. Hosts before it used tables that this version
/// drops.
const DUE_WORK: SchemaVersion = SchemaVersion(10);

/// A host of an earlier version writes a sign of life at least this often: every 10 seconds unless its settings differ,
/// and every 5 seconds if it runs due work.
const SIGN_OF_LIFE: Duration = Duration::from_secs(12);

/// The pause between two checks.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The last sign of life of each host and of each of its workers.
type Signs = BTreeMap<String, String>;

/// The last sign of life of a host or a worker.
struct Sign {
    id: String,
    seen: String,
}

from_row! { Sign: id, seen }

/// Refuses the upgrade if a host of a version before [`DUE_WORK`] runs. A host that was stopped has deleted its row. A
/// host that was killed has not, so this watches whether its sign of life changes in time, and compares no clocks.
///
/// # Errors
/// [`StoreError::OlderHost`]; [`StoreError::Database`].
pub(super) async fn refuse_beside_an_older_host(pool: &AnyPool, engine: Engine) -> Result<(), StoreError> {
    if !is_older(pool, engine).await? {
        return Ok(());
    }
    let before = signs(pool, engine).await?;
    let begun = Instant::now();
    let mut now = before.clone();
    while !now.is_empty() {
        if now.iter().any(|(host, sign)| before.get(host) != Some(sign)) {
            return Err(StoreError::OlderHost);
        }
        if begun.elapsed() >= SIGN_OF_LIFE {
            return Ok(());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
        now = signs(pool, engine).await?;
    }
    Ok(())
}

/// Whether an earlier version made the store, and no host of this version has upgraded it.
async fn is_older(pool: &AnyPool, engine: Engine) -> Result<bool, StoreError> {
    if !exists(pool, engine, "_sqlx_migrations").await? || !exists(pool, engine, "nodes").await? {
        return Ok(false);
    }
    let query =
        sqlx::query_scalar::<_, i64>("SELECT CAST(COUNT(*) AS BIGINT) FROM _sqlx_migrations WHERE version = $1");
    Ok(query.bind(DUE_WORK).fetch_one(pool).await? == 0)
}

async fn exists(pool: &AnyPool, engine: Engine, table: &str) -> Result<bool, StoreError> {
    let sql = match engine {
        Engine::Sqlite => "SELECT CAST(COUNT(*) AS BIGINT) FROM sqlite_master WHERE type = 'table' AND name = $1",
        Engine::Postgres => "SELECT CAST(COUNT(to_regclass($1)) AS BIGINT)",
    };
    Ok(sqlx::query_scalar::<_, i64>(sql).bind(table).fetch_one(pool).await? > 0)
}

/// Empty if every host has deleted its row.
async fn signs(pool: &AnyPool, engine: Engine) -> Result<Signs, StoreError> {
    let mut signs = read(pool, "SELECT id, CAST(seen_at AS TEXT) AS seen FROM nodes").await?;
    let workers = match engine {
        Engine::Sqlite => "Workers",
        Engine::Postgres => "apalis.workers",
    };
    // Workers do not delete their rows.
    if !signs.is_empty() && exists(pool, engine, workers).await? {
        signs.extend(read(pool, &format!("SELECT id, CAST(last_seen AS TEXT) AS seen FROM {workers}")).await?);
    }
    Ok(signs)
}

async fn read(pool: &AnyPool, sql: &str) -> Result<Signs, StoreError> {
    let rows = sqlx::query_as::<_, Sign>(AssertSqlSafe(sql)).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|sign| (sign.id, sign.seen)).collect())
}

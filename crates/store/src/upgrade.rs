//! An upgrade of a store on which a host of an earlier version still runs: it is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{AnyPool, AssertSqlSafe, Row as _};
use tokio::time::Instant;

use super::{Engine, StoreError};

/// The first version whose hosts claim due work themselves. Hosts before it used tables that are gone then.
const DUE_WORK: i64 = 10;

/// A host of an earlier version writes a sign of life at least so often: every 10 seconds unless its settings say
/// otherwise, and every 5 seconds if it runs due work.
const SIGN_OF_LIFE: Duration = Duration::from_secs(12);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// When each host, and each of its workers, last wrote a sign of life.
type Signs = BTreeMap<String, String>;

/// Refuses where a host of a version before [`DUE_WORK`] runs. A host that ended in order has signed off. Of one that was
/// killed the signs of life stay: they are watched until they should have changed, so that no clocks are compared.
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
        tokio::time::sleep(LOOK).await;
        now = signs(pool, engine).await?;
    }
    Ok(())
}

/// Whether an earlier version made the store, and no host of this version has changed it.
async fn is_older(pool: &AnyPool, engine: Engine) -> Result<bool, StoreError> {
    if !exists(pool, engine, "_sqlx_migrations").await? || !exists(pool, engine, "nodes").await? {
        return Ok(false);
    }
    let query = sqlx::query("SELECT CAST(COUNT(*) AS BIGINT) FROM _sqlx_migrations WHERE version = $1").bind(DUE_WORK);
    Ok(query.fetch_one(pool).await?.try_get::<i64, _>(0)? == 0)
}

async fn exists(pool: &AnyPool, engine: Engine, table: &str) -> Result<bool, StoreError> {
    let sql = match engine {
        Engine::Sqlite => "SELECT CAST(COUNT(*) AS BIGINT) FROM sqlite_master WHERE type = 'table' AND name = $1",
        Engine::Postgres => "SELECT CAST(COUNT(to_regclass($1)) AS BIGINT)",
    };
    Ok(sqlx::query(sql).bind(table).fetch_one(pool).await?.try_get::<i64, _>(0)? > 0)
}

/// None where every host has signed off.
async fn signs(pool: &AnyPool, engine: Engine) -> Result<Signs, StoreError> {
    let mut signs = read(pool, "SELECT id, CAST(seen_at AS TEXT) FROM nodes").await?;
    let workers = match engine {
        Engine::Sqlite => "Workers",
        Engine::Postgres => "apalis.workers",
    };
    // Workers do not sign off.
    if !signs.is_empty() && exists(pool, engine, workers).await? {
        signs.extend(read(pool, &format!("SELECT id, CAST(last_seen AS TEXT) FROM {workers}")).await?);
    }
    Ok(signs)
}

async fn read(pool: &AnyPool, sql: &str) -> Result<Signs, StoreError> {
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(pool).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

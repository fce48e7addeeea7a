//! An upgrade of a store on which a host of an earlier version still runs: it is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{AnyPool, AssertSqlSafe};
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

/// When a host or a worker last wrote a sign of life.
#[derive(sqlx::FromRow)]
struct Sign {
    id: String,
    seen: String,
}

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

/// None where every host has signed off.
async fn signs(pool: &AnyPool, engine: Engine) -> Result<Signs, StoreError> {
    let mut signs = read(pool, "SELECT id, CAST(seen_at AS TEXT) AS seen FROM nodes").await?;
    let workers = match engine {
        Engine::Sqlite => "Workers",
        Engine::Postgres => "apalis.workers",
    };
    // Workers do not sign off.
    if !signs.is_empty() && exists(pool, engine, workers).await? {
        signs.extend(read(pool, &format!("SELECT id, CAST(last_seen AS TEXT) AS seen FROM {workers}")).await?);
    }
    Ok(signs)
}

async fn read(pool: &AnyPool, sql: &str) -> Result<Signs, StoreError> {
    let rows = sqlx::query_as::<_, Sign>(AssertSqlSafe(sql)).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|sign| (sign.id, sign.seen)).collect())
}

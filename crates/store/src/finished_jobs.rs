//! Jobs of the queue that are finished: they are dropped.

use sqlx::{PgPool, SqlitePool};

use super::jobs::Pool;

/// Drops finished jobs, and workers that are long gone.
pub(super) async fn drop_finished(pool: &Pool) -> Result<(), sqlx::Error> {
    match pool {
        Pool::Sqlite(pool) => of_sqlite(pool).await,
        Pool::Postgres(pool) => of_postgres(pool).await,
    }
}

async fn of_sqlite(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM Jobs WHERE job_type = 'soar-host' AND status IN ('Done', 'Killed')",
        "DELETE FROM Workers WHERE worker_type = 'soar-host' AND last_seen < strftime('%s', 'now') - 3600
             AND NOT EXISTS (SELECT 1 FROM Jobs WHERE lock_by = Workers.id)",
    ] {
        sqlx::query(sql).execute(pool).await?;
    }
    Ok(())
}

async fn of_postgres(pool: &PgPool) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM apalis.jobs WHERE job_type = 'soar-host' AND status IN ('Done', 'Killed')",
        "DELETE FROM apalis.workers WHERE worker_type = 'soar-host' AND last_seen < now() - interval '1 hour'
             AND NOT EXISTS (SELECT 1 FROM apalis.jobs WHERE lock_by = workers.id)",
    ] {
        sqlx::query(sql).execute(pool).await?;
    }
    Ok(())
}

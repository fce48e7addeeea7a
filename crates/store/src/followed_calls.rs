//! The sealed calls of followed runs.

use async_trait::async_trait;

use super::columns::{decoded, encoded};
use super::{Records, SealedPlace, SealedSecret, StoreError};
use crate::model::{KeyId, RunId};

/// The sealing context of the call of a followed run.
#[must_use]
pub fn followed_sealing_context(run: RunId) -> String {
    format!("followed-run/{run}")
}

#[derive(sqlx::FromRow)]
struct SealedRow {
    run_id: RunId,
    call: String,
}

/// The calls of followed runs, for a rotation of the sealing key.
#[derive(Debug)]
pub struct FollowedCalls;

#[async_trait]
impl SealedPlace for FollowedCalls {
    async fn sealed_by_others(
        &self,
        records: &mut Records<'_>,
        current: KeyId,
        limit: i64,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let rows = sqlx::query_as::<_, SealedRow>(
            "SELECT run_id, call FROM followed_runs WHERE sealing_key IS NOT NULL AND sealing_key <> $1
             ORDER BY run_id LIMIT $2",
        );
        let rows = rows.bind(current.to_string()).bind(limit).fetch_all(&mut *records.connection).await?;
        let secret = |row: SealedRow| {
            Ok(SealedSecret {
                context: followed_sealing_context(row.run_id),
                sealed: decoded(&row.call)?,
                row: vec![row.run_id.to_string()],
            })
        };
        rows.into_iter().map(secret).collect()
    }

    async fn replace(
        &self,
        records: &mut Records<'_>,
        old: &SealedSecret,
        sealed: &[u8],
        key: KeyId,
    ) -> Result<(), StoreError> {
        let [run] = old.row.as_slice() else { return Ok(()) };
        let run: RunId = run.parse().map_err(|_| StoreError::Unreadable("a run's number".into()))?;
        sqlx::query("UPDATE followed_runs SET call = $1, sealing_key = $2 WHERE run_id = $3 AND call = $4")
            .bind(encoded(sealed))
            .bind(key.to_string())
            .bind(run)
            .bind(encoded(&old.sealed))
            .execute(&mut *records.connection)
            .await?;
        Ok(())
    }
}

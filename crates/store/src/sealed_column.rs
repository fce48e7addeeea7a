//! Secrets in a column of a table, one per row, with the sealing key of each in the column `sealing_key`.

use async_trait::async_trait;

use super::columns::{Sealed, encoded, from_row};
use super::{Records, SealedPlace, SealedSecret, StoreError};
use crate::model::KeyId;

/// A column with sealed secrets, for a rotation of the sealing key.
pub(super) struct SealedColumn {
    pub(super) table: &'static str,
    /// The column with the row's number.
    pub(super) id: &'static str,
    pub(super) column: &'static str,
    /// The sealing context of the row with this number.
    pub(super) context: fn(i64) -> String,
}

struct SealedColumnRow {
    id: i64,
    sealed: Vec<u8>,
}

from_row! { SealedColumnRow: id, sealed as Sealed }

#[async_trait]
impl SealedPlace for SealedColumn {
    async fn sealed_by_others(
        &self,
        records: &mut Records<'_>,
        current: KeyId,
        limit: i64,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let Self { table, id, column, context } = self;
        let sql = format!(
            "SELECT {id} AS id, {column} AS sealed FROM {table}
             WHERE sealing_key IS NOT NULL AND sealing_key <> $1 ORDER BY {id} LIMIT $2"
        );
        let query =
            sqlx::query_as::<_, SealedColumnRow>(sqlx::AssertSqlSafe(sql)).bind(current.to_string()).bind(limit);
        let rows = query.fetch_all(&mut *records.connection).await?;
        let secret = |row: SealedColumnRow| SealedSecret {
            context: context(row.id),
            sealed: row.sealed,
            row: vec![row.id.to_string()],
        };
        Ok(rows.into_iter().map(secret).collect())
    }

    async fn replace(
        &self,
        records: &mut Records<'_>,
        old: &SealedSecret,
        sealed: &[u8],
        key: KeyId,
    ) -> Result<(), StoreError> {
        let Self { table, id, column, .. } = self;
        let [number] = old.row.as_slice() else { return Ok(()) };
        let number: i64 =
            number.parse().map_err(|_| StoreError::Unreadable(format!("a number in the table {table}")))?;
        let sql = format!("UPDATE {table} SET {column} = $1, sealing_key = $2 WHERE {id} = $3 AND {column} = $4");
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(encoded(sealed)).bind(key.to_string());
        query.bind(number).bind(encoded(&old.sealed)).execute(&mut *records.connection).await?;
        Ok(())
    }
}

//! The audit log in the store. Entries are added and read, and never changed.

use super::columns::{from_row, json};
use super::{Engine, Records, StoreError};
use crate::model::{AuditEntry, AuditEntryId, Moment};

/// Which entries to read. A field that is `None` does not limit them.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only entries before this one, which is the last one of the page before.
    pub before: Option<AuditEntryId>,
    /// Only entries of this time or later.
    pub since: Option<Moment>,
    /// Only entries before this time.
    pub until: Option<Moment>,
    /// Only calls of this user, in any case.
    pub username: Option<String>,
    /// Only calls with the key of this name, in any case.
    pub key: Option<String>,
    /// Only on this site, in any case.
    pub site: Option<String>,
    /// Only of this command, in any case.
    pub command: Option<String>,
    /// Only the call of this request id.
    pub request_id: Option<String>,
    /// Only accepted ones, or only refused ones.
    pub accepted: Option<bool>,
}

const COLUMNS: &str = "at, request_id, surface, address, key_name, username, acting_for, site, command, status, accepted, \
     reason";

/// An entry and its id.
struct AuditRow {
    id: AuditEntryId,
    entry: AuditEntry,
}

from_row! { AuditRow: id, ..entry }

impl Records<'_> {
    /// Adds entries in order, all or none, with one statement.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn append_audit(&mut self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        let rows = match self.engine {
            Engine::Sqlite => "json_each($1)",
            Engine::Postgres => {
                "jsonb_array_elements(CAST($1 AS jsonb)) WITH ORDINALITY AS entry (value, key) ORDER BY key"
            }
        };
        let sql = format!(
            "INSERT INTO audit ({COLUMNS})
             SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
                    value ->> 7, value ->> 8, CAST(value ->> 9 AS BIGINT), CAST(value ->> 10 AS BIGINT), value ->> 11
             FROM {rows}"
        );
        let rows: Vec<_> = entries.iter().map(row).collect();
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(json(&rows)?).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// At most `most` entries with their ids, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn audit(
        &mut self,
        filter: &AuditFilter,
        most: u32,
    ) -> Result<Vec<(AuditEntryId, AuditEntry)>, StoreError> {
        enum Bound {
            Number(i64),
            Text(String),
        }
        let mut conditions = Vec::new();
        let mut bounds = Vec::new();
        let mut add = |condition: &'static str, bound: Option<Bound>| {
            if let Some(bound) = bound {
                bounds.push(bound);
                conditions.push(condition.replace('$', &format!("${}", bounds.len())));
            }
        };
        let text = |text: &Option<String>| text.clone().map(Bound::Text);
        add("id < $", filter.before.map(|before| Bound::Number(before.0)));
        add("at >= $", filter.since.map(|since| Bound::Number(since.0)));
        add("at < $", filter.until.map(|until| Bound::Number(until.0)));
        // The database lowers both sides. SQLite lowers ASCII letters only, so another letter must be spelled as in the
        // entry.
        add("LOWER(username) = LOWER($)", text(&filter.username));
        add("LOWER(key_name) = LOWER($)", text(&filter.key));
        add("LOWER(site) = LOWER($)", text(&filter.site));
        add("LOWER(command) = LOWER($)", text(&filter.command));
        add("request_id = $", text(&filter.request_id));
        add("accepted = $", filter.accepted.map(|accepted| Bound::Number(i64::from(accepted))));
        let conditions = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
        let sql = format!("SELECT id, {COLUMNS} FROM audit WHERE {conditions} ORDER BY id DESC LIMIT {most}");
        let mut query = sqlx::query_as::<_, AuditRow>(sqlx::AssertSqlSafe(sql));
        for bound in bounds {
            query = match bound {
                Bound::Number(number) => query.bind(number),
                Bound::Text(text) => query.bind(text),
            };
        }
        let entries = query.fetch_all(&mut *self.connection).await?;
        Ok(entries.into_iter().map(|row| (row.id, row.entry)).collect())
    }
}

/// An entry's values, in the order of [`COLUMNS`].
fn row(entry: &AuditEntry) -> impl serde::Serialize {
    let AuditEntry { at, request_id, surface, address, key, username, acting_for, site, command, status, .. } = entry;
    let accepted = i64::from(entry.accepted);
    let surface = surface.as_str();
    (at, request_id, surface, address, key, username, acting_for, site, command, status, accepted, &entry.reason)
}

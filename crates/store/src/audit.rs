//! The audit log in the store: entries are read, never changed. They are added in `audit_additions`.

use super::{Records, StoreError};
use crate::model::{AuditEntry, Moment};

/// Which entries are wanted. All that are `None` say nothing.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only entries before this number: the number of the last one of the page before.
    pub before: Option<i64>,
    /// Only since then.
    pub since: Option<Moment>,
    /// Only until before then.
    pub until: Option<Moment>,
    /// Only calls of this user, without regard to case.
    pub username: Option<String>,
    /// Only calls with the key of this name, without regard to case.
    pub key: Option<String>,
    /// Only on this site, without regard to case.
    pub site: Option<String>,
    /// Only of this command, without regard to case.
    pub command: Option<String>,
    /// Only the call of this request id.
    pub request_id: Option<String>,
    /// Only accepted ones, or only refused ones.
    pub accepted: Option<bool>,
}

pub(super) const COLUMNS: &str = "at, request_id, surface, address, key_name, username, acting_for, site, command, status, accepted, \
     reason";

/// An entry under its number.
#[derive(sqlx::FromRow)]
struct Numbered {
    id: i64,
    #[sqlx(flatten)]
    entry: AuditEntry,
}

impl Records<'_> {
    /// At most `most` entries with their numbers, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn audit(&mut self, filter: &AuditFilter, most: u32) -> Result<Vec<(i64, AuditEntry)>, StoreError> {
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
        add("id < $", filter.before.map(Bound::Number));
        add("at >= $", filter.since.map(|since| Bound::Number(since.0)));
        add("at < $", filter.until.map(|until| Bound::Number(until.0)));
        // Both sides by the database, for SQLite knows no case but that of ASCII: a name is found as it was written.
        add("LOWER(username) = LOWER($)", text(&filter.username));
        add("LOWER(key_name) = LOWER($)", text(&filter.key));
        add("LOWER(site) = LOWER($)", text(&filter.site));
        add("LOWER(command) = LOWER($)", text(&filter.command));
        add("request_id = $", text(&filter.request_id));
        add("accepted = $", filter.accepted.map(|accepted| Bound::Number(i64::from(accepted))));
        let conditions = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
        let sql = format!("SELECT id, {COLUMNS} FROM audit WHERE {conditions} ORDER BY id DESC LIMIT {most}");
        let mut query = sqlx::query_as::<_, Numbered>(sqlx::AssertSqlSafe(sql));
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

//! The audit log in the store: entries are added and read, never changed.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::changes::Seen;
use super::{Engine, Records, StoreError};
use crate::model::AuditEntry;

/// Which entries are wanted. All that are `None` say nothing.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only entries before this number: the number of the last one of the page before.
    pub before: Option<i64>,
    /// Only since then, in milliseconds since 1970.
    pub since: Option<i64>,
    /// Only until before then, in milliseconds since 1970.
    pub until: Option<i64>,
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

const COLUMNS: &str = "at, request_id, surface, address, key_name, username, acting_for, site, command, status, accepted, \
     reason";

impl Records<'_> {
    /// Adds entries, in order, all of them or none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn append_audit(&mut self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite => self.append_alike(entries, None).await.map(|_| ()),
            Engine::Postgres => self.append_json(entries).await,
        }
    }

    /// The same on SQLite, if `PRAGMA data_version` is still `data_version`; whether it is.
    pub(super) async fn append_audit_if(
        &mut self,
        entries: &[AuditEntry],
        data_version: i64,
    ) -> Result<bool, StoreError> {
        self.append_alike(entries, Some(data_version)).await.map(|added| added > 0)
    }

    /// In one statement that holds once what several entries have in common: most are alike but for their time and id.
    async fn append_alike(&mut self, entries: &[AuditEntry], data_version: Option<i64>) -> Result<u64, StoreError> {
        let condition =
            if data_version.is_some() { "AND (SELECT data_version FROM pragma_data_version) = $3" } else { "" };
        let sql = format!(
            "WITH alike AS MATERIALIZED (
                 SELECT key AS number, value ->> 0 AS surface, value ->> 1 AS address, value ->> 2 AS key_name,
                        value ->> 3 AS username, value ->> 4 AS acting_for, value ->> 5 AS site,
                        value ->> 6 AS command, value ->> 7 AS status, value ->> 8 AS accepted, value ->> 9 AS reason
                 FROM json_each($1))
             INSERT INTO audit ({COLUMNS})
             SELECT CAST(substr(entry.value, 1, 20) AS INTEGER), substr(entry.value, 27), surface, address, key_name,
                    username, acting_for, site, command, status, accepted, reason
             FROM json_each($2) entry CROSS JOIN alike
             WHERE alike.number = CAST(substr(entry.value, 21, 6) AS INTEGER) {condition}"
        );
        let mut numbers = HashMap::new();
        let mut alike = Vec::new();
        let mut before: Option<usize> = None;
        let entries: Vec<_> = entries
            .iter()
            .map(|entry| {
                let AuditEntry { at, request_id, surface, address, key, username, acting_for, site, command, .. } =
                    entry;
                let (accepted, reason) = (i64::from(entry.accepted), &entry.reason);
                let rest = (
                    surface.as_str(),
                    address,
                    key,
                    username,
                    acting_for,
                    site,
                    command,
                    entry.status,
                    accepted,
                    reason,
                );
                // Most are like the one before.
                if let Some(number) = before.filter(|number| alike.get(*number) == Some(&rest)) {
                    return own(*at, number, request_id);
                }
                let number = *numbers.entry(rest).or_insert_with(|| {
                    alike.push(rest);
                    alike.len() - 1
                });
                before = Some(number);
                own(*at, number, request_id)
            })
            .collect();
        let unreadable = |error: serde_json::Error| StoreError::Unreadable(error.to_string());
        let alike = serde_json::to_string(&alike).map_err(unreadable)?;
        let entries = serde_json::to_string(&entries).map_err(unreadable)?;
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(alike).bind(entries);
        if let Some(data_version) = data_version {
            query = query.bind(data_version);
        }
        Ok(query.execute(&mut *self.connection).await?.rows_affected())
    }

    /// In one statement with one parameter.
    async fn append_json(&mut self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        let query = sqlx::query(sqlx::AssertSqlSafe(insertion()));
        query.bind(json(entries)?).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Adds entries on PostgreSQL, and looks which transactions are visible; returns that, and whether none has become
    /// visible since `before`, on the same server, but the one that looked then. With `if_unchanged` nothing is added unless it is so.
    pub(super) async fn append_audit_and_look(
        &mut self,
        entries: &[AuditEntry],
        before: Option<&Seen>,
        if_unchanged: bool,
    ) -> Result<(Seen, bool), StoreError> {
        // A statement sees what its snapshot shows. Of transactions that have not ended yet, some are listed in a snapshot
        // and the others have numbers from its xmax on.
        let condition = if if_unchanged { "WHERE (SELECT is_unchanged FROM look)" } else { "" };
        let number = |text: &str| format!("CAST(CAST({text} AS TEXT) AS BIGINT)");
        let since = number("pg_snapshot_xmax(CAST($2 AS pg_snapshot))");
        let until = number("pg_snapshot_xmax(pg_current_snapshot())");
        let sql = format!(
            "WITH look AS MATERIALIZED (
                 SELECT pg_current_snapshot() AS snapshot,
                        {SERVER} = $4 AND {until} - {since} BETWEEN 0 AND {FEW} AND NOT EXISTS (
                     SELECT 1 FROM (
                         SELECT pg_snapshot_xip(CAST($2 AS pg_snapshot)) AS transaction
                         UNION ALL
                         SELECT CAST(CAST(number AS TEXT) AS xid8)
                         FROM generate_series({since}, LEAST({until} - 1, {since} + {FEW})) number) ended
                     WHERE transaction <> CAST($3 AS xid8)
                       AND pg_visible_in_snapshot(transaction, pg_current_snapshot())) AS is_unchanged),
             added AS ({} {condition})
             SELECT {SERVER}, CAST(snapshot AS TEXT), CAST(pg_current_xact_id() AS TEXT),
                    CASE WHEN is_unchanged THEN 1 ELSE 0 END
             FROM look",
            insertion(),
        );
        // Of no server, and with a snapshot from before everything, all is new.
        let (server, snapshot, own) =
            before.map_or(("", "1:1:", "1"), |seen| (&seen.server, &seen.snapshot, &seen.own));
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(json(entries)?).bind(snapshot).bind(own).bind(server);
        let row = query.fetch_one(&mut *self.connection).await?;
        let seen = Seen { server: row.try_get(0)?, snapshot: row.try_get(1)?, own: row.try_get(2)? };
        Ok((seen, row.try_get::<i32, _>(3)? == 1))
    }

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
        add("at >= $", filter.since.map(Bound::Number));
        add("at < $", filter.until.map(Bound::Number));
        // Both sides by the database, for SQLite knows no case but that of ASCII: a name is found as it was written.
        add("LOWER(username) = LOWER($)", text(&filter.username));
        add("LOWER(key_name) = LOWER($)", text(&filter.key));
        add("LOWER(site) = LOWER($)", text(&filter.site));
        add("LOWER(command) = LOWER($)", text(&filter.command));
        add("request_id = $", text(&filter.request_id));
        add("accepted = $", filter.accepted.map(|accepted| Bound::Number(i64::from(accepted))));
        let conditions = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
        let sql = format!("SELECT id, {COLUMNS} FROM audit WHERE {conditions} ORDER BY id DESC LIMIT {most}");
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for bound in bounds {
            query = match bound {
                Bound::Number(number) => query.bind(number),
                Bound::Text(text) => query.bind(text),
            };
        }
        query.fetch_all(&mut *self.connection).await?.iter().map(read).collect()
    }
}

/// How many transactions may have begun between two looks; after more, all counts as changed.
const FEW: u32 = 1000;

/// SQL for which server it is, and since when it has run.
const SERVER: &str = "CAST(pg_postmaster_start_time() AS TEXT)";

fn json(entries: &[AuditEntry]) -> Result<String, StoreError> {
    serde_json::to_string(entries).map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// SQL that adds the entries in a JSON array, on PostgreSQL.
fn insertion() -> String {
    format!(
        r#"INSERT INTO audit ({COLUMNS})
         SELECT at, "requestId", surface, address, key, username, "actingFor", site, command, status,
                CASE WHEN accepted THEN 1 ELSE 0 END, reason
         FROM json_to_recordset(CAST($1 AS json))
           AS entry(at BIGINT, "requestId" TEXT, surface TEXT, address TEXT, key TEXT, username TEXT,
                    "actingFor" TEXT, site TEXT, command TEXT, status BIGINT, accepted BOOLEAN, reason TEXT)"#
    )
}

/// What is an entry's own, as one text of which SQLite takes the parts: the time in 20 characters, the number of what it
/// has in common with others in 6, and the request's id. An array would have to be parsed for each part.
fn own(at: i64, number: usize, request_id: &str) -> String {
    format!("{at:020}{number:06}{request_id}")
}

fn read(row: &AnyRow) -> Result<(i64, AuditEntry), StoreError> {
    let entry = AuditEntry {
        at: row.try_get(1)?,
        request_id: row.try_get(2)?,
        surface: row.try_get::<String, _>(3)?.parse().map_err(StoreError::Unreadable)?,
        address: row.try_get(4)?,
        key: row.try_get(5)?,
        username: row.try_get(6)?,
        acting_for: row.try_get(7)?,
        site: row.try_get(8)?,
        command: row.try_get(9)?,
        status: row.try_get(10)?,
        accepted: row.try_get::<i64, _>(11)? == 1,
        reason: row.try_get(12)?,
    };
    Ok((row.try_get(0)?, entry))
}

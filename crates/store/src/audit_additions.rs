//! Additions to the audit log, many in one statement.

use std::collections::HashMap;

use serde::{Serialize, Serializer};
use sqlx::Row as _;

use super::audit::COLUMNS;
use super::changes::Seen;
use super::{Engine, Records, StoreError};
use crate::model::{AuditEntry, Moment};

/// How many transactions may have begun between two looks; after more, all counts as changed.
const FEW: u32 = 1000;

/// SQL for which server it is, and since when it has run.
const SERVER: &str = "CAST(pg_postmaster_start_time() AS TEXT)";

impl Records<'_> {
    /// Adds entries, in order, all of them or none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn append_audit(&mut self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        let sql = format!("WITH {} {}", alike(self.engine), insertion(self.engine, ""));
        let Packed { alike, own } = Packed::of(entries)?;
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(alike).bind(own);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The same on SQLite, if `PRAGMA data_version` is still `data_version`; whether it is.
    pub(super) async fn append_audit_if(
        &mut self,
        entries: &[AuditEntry],
        data_version: i64,
    ) -> Result<bool, StoreError> {
        let condition = "AND (SELECT data_version FROM pragma_data_version) = $3";
        let sql = format!("WITH {} {}", alike(self.engine), insertion(self.engine, condition));
        let Packed { alike, own } = Packed::of(entries)?;
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(alike).bind(own).bind(data_version);
        Ok(query.execute(&mut *self.connection).await?.rows_affected() > 0)
    }

    /// Adds entries on PostgreSQL, and looks which transactions are visible; returns that, and whether none has become
    /// visible since `before`, on the same server, but the one that looked then. With `if_unchanged` nothing is added unless it
    /// is so.
    pub(super) async fn append_audit_and_look(
        &mut self,
        entries: &[AuditEntry],
        before: Option<&Seen>,
        if_unchanged: bool,
    ) -> Result<(Seen, bool), StoreError> {
        // A statement sees what its snapshot shows. Of transactions that have not ended yet, some are listed in a snapshot
        // and the others have numbers from its xmax on.
        let condition = if if_unchanged { "AND (SELECT is_unchanged FROM look)" } else { "" };
        let number = |text: &str| format!("CAST(CAST({text} AS TEXT) AS BIGINT)");
        let since = number("pg_snapshot_xmax(CAST($3 AS pg_snapshot))");
        let until = number("pg_snapshot_xmax(pg_current_snapshot())");
        let sql = format!(
            "WITH look AS MATERIALIZED (
                 SELECT pg_current_snapshot() AS snapshot,
                        {SERVER} = $5 AND {until} - {since} BETWEEN 0 AND {FEW} AND NOT EXISTS (
                     SELECT 1 FROM (
                         SELECT pg_snapshot_xip(CAST($3 AS pg_snapshot)) AS transaction
                         UNION ALL
                         SELECT CAST(CAST(number AS TEXT) AS xid8)
                         FROM generate_series({since}, LEAST({until} - 1, {since} + {FEW})) number) ended
                     WHERE transaction <> CAST($4 AS xid8)
                       AND pg_visible_in_snapshot(transaction, pg_current_snapshot())) AS is_unchanged),
             {},
             added AS ({})
             SELECT {SERVER}, CAST(snapshot AS TEXT), CAST(pg_current_xact_id() AS TEXT),
                    CASE WHEN is_unchanged THEN 1 ELSE 0 END
             FROM look",
            alike(self.engine),
            insertion(self.engine, condition),
        );
        // Of no server, and with a snapshot from before everything, all is new.
        let (snapshot, by, server) = before.map_or(("1:1:", "1", ""), |seen| (&seen.snapshot, &seen.own, &seen.server));
        let Packed { alike, own } = Packed::of(entries)?;
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(alike).bind(own).bind(snapshot).bind(by).bind(server);
        let row = query.fetch_one(&mut *self.connection).await?;
        let seen = Seen { server: row.try_get(0)?, snapshot: row.try_get(1)?, own: row.try_get(2)? };
        Ok((seen, row.try_get::<i32, _>(3)? == 1))
    }
}

/// Entries as two JSON arrays that statements take: most entries are alike but for their time and id.
struct Packed {
    /// What entries have in common, each an array.
    alike: String,
    /// What each entry has of its own, a text: 20 digits of its time, 6 of its number in `alike`, and its id. An array would
    /// have to be parsed for each part.
    own: String,
}

struct Own<'e> {
    at: Moment,
    number: usize,
    request_id: &'e str,
}

impl Serialize for Own<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:020}{:06}{}", self.at.0, self.number, self.request_id))
    }
}

impl Packed {
    fn of(entries: &[AuditEntry]) -> Result<Self, StoreError> {
        let mut numbers = HashMap::new();
        let mut alike = Vec::new();
        let mut before: Option<usize> = None;
        let own: Vec<_> = entries
            .iter()
            .map(|entry| {
                let AuditEntry { at, request_id, surface, address, key, username, acting_for, site, command, .. } =
                    entry;
                let (accepted, reason) = (i64::from(entry.accepted), &entry.reason);
                let surface = surface.as_str();
                let status = entry.status;
                let rest = (surface, address, key, username, acting_for, site, command, status, accepted, reason);
                // Most are like the one before.
                let number = before.filter(|number| alike.get(*number) == Some(&rest)).unwrap_or_else(|| {
                    *numbers.entry(rest).or_insert_with(|| {
                        alike.push(rest);
                        alike.len() - 1
                    })
                });
                before = Some(number);
                Own { at: *at, number, request_id }
            })
            .collect();
        let unreadable = |error: serde_json::Error| StoreError::Unreadable(error.to_string());
        let alike = serde_json::to_string(&alike).map_err(unreadable)?;
        let own = serde_json::to_string(&own).map_err(unreadable)?;
        Ok(Self { alike, own })
    }
}

/// SQL for a table `alike` of what is bound as `$1`, in front of [`insertion`].
fn alike(engine: Engine) -> String {
    let (number, rows) = match engine {
        Engine::Sqlite => ("key", "json_each($1)"),
        Engine::Postgres => {
            ("position - 1", "jsonb_array_elements(CAST($1 AS jsonb)) WITH ORDINALITY AS t (value, position)")
        }
    };
    format!(
        "alike AS MATERIALIZED (
             SELECT {number} AS number, value ->> 0 AS surface, value ->> 1 AS address, value ->> 2 AS key_name,
                    value ->> 3 AS username, value ->> 4 AS acting_for, value ->> 5 AS site, value ->> 6 AS command,
                    CAST(value ->> 7 AS BIGINT) AS status, CAST(value ->> 8 AS BIGINT) AS accepted,
                    value ->> 9 AS reason
             FROM {rows})"
    )
}

/// SQL that adds the entries that are bound as `$2`, in their order; `condition` begins with AND.
fn insertion(engine: Engine, condition: &str) -> String {
    let (rows, order) = match engine {
        Engine::Sqlite => ("json_each($2) entry CROSS JOIN alike", ""),
        Engine::Postgres => (
            "jsonb_array_elements_text(CAST($2 AS jsonb)) WITH ORDINALITY AS entry (value, position) CROSS JOIN alike",
            "ORDER BY entry.position",
        ),
    };
    format!(
        "INSERT INTO audit ({COLUMNS})
         SELECT CAST(substr(entry.value, 1, 20) AS BIGINT), substr(entry.value, 27), surface, address, key_name,
                username, acting_for, site, command, status, accepted, reason
         FROM {rows}
         WHERE alike.number = CAST(substr(entry.value, 21, 6) AS BIGINT) {condition} {order}"
    )
}

//! SQL that differs between the two databases.

use std::sync::Once;

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file.
    Sqlite,
    /// A server, which several hosts can share.
    Postgres,
}

impl Engine {
    // Without the sign before a parameter, SQLite plans a statement again whenever a value changes.

    /// SQL for the texts in a JSON array that is bound as `parameter`, such as `$1`; for `number IN (…)`.
    pub(super) fn texts_of(self, parameter: &str) -> String {
        match self {
            Self::Sqlite => format!("SELECT value FROM json_each(+{parameter})"),
            Self::Postgres => format!("SELECT jsonb_array_elements_text(CAST({parameter} AS jsonb))"),
        }
    }

    /// SQL for a table of the texts in a JSON array that is bound as `parameter`, under `alias`: `text`, and its
    /// `position` in the array.
    pub(super) fn table_of_texts(self, parameter: &str, alias: &str) -> String {
        match self {
            Self::Sqlite => format!("(SELECT value AS text, key AS position FROM json_each({parameter})) {alias}"),
            Self::Postgres => format!(
                "(SELECT text, position - 1 AS position
                  FROM jsonb_array_elements_text(CAST({parameter} AS jsonb)) WITH ORDINALITY AS t (text, position)) {alias}"
            ),
        }
    }

    /// SQL for the rows of a query as one JSON array of arrays, as text. Many rows arrive faster in this form.
    pub(super) fn gathered(self, columns: &str) -> String {
        match self {
            Self::Sqlite => format!("json_group_array(json_array({columns}))"),
            Self::Postgres => format!("COALESCE(CAST(json_agg(json_build_array({columns})) AS TEXT), '[]')"),
        }
    }

    /// SQL for the whole numbers in a JSON array that is bound as `parameter`.
    pub(super) fn integers_of(self, parameter: &str) -> String {
        match self {
            Self::Sqlite => format!("SELECT value FROM json_each(+{parameter})"),
            Self::Postgres => {
                format!("SELECT CAST(jsonb_array_elements_text(CAST({parameter} AS jsonb)) AS BIGINT)")
            }
        }
    }

    /// SQL after a column of whole numbers, for whether the query `numbers` returns its value. PostgreSQL gets them as
    /// an array, which is no table that it could join with all rows.
    pub(super) fn among(self, numbers: &str) -> String {
        match self {
            Self::Sqlite => format!("IN ({numbers})"),
            Self::Postgres => format!("= ANY (ARRAY({numbers}))"),
        }
    }

    /// SQL for a table of findings, a JSON array of arrays that is bound as `parameter`, under `alias`: `feed`,
    /// `device` and `finding`.
    pub(super) fn table_of_findings(self, parameter: &str, alias: &str) -> String {
        match self {
            Self::Sqlite => format!(
                "(SELECT value ->> 0 AS feed, value ->> 1 AS device, value ->> 2 AS finding
                  FROM json_each(+{parameter})) {alias}"
            ),
            Self::Postgres => format!(
                "(SELECT CAST(cells ->> 0 AS BIGINT) AS feed, cells ->> 1 AS device, cells ->> 2 AS finding
                  FROM jsonb_array_elements(CAST({parameter} AS jsonb)) AS t (cells)) {alias}"
            ),
        }
    }

    /// SQL for the table of a JSON array of arrays that is bound as `parameter`, and for one of the arrays as a column.
    pub(super) fn table_of_arrays(self, parameter: &str) -> (String, &'static str) {
        match self {
            Self::Sqlite => (format!("json_each({parameter})"), "value"),
            Self::Postgres => (format!("jsonb_array_elements(CAST({parameter} AS jsonb)) AS t (cells)"), "cells"),
        }
    }

    /// SQL for a table of whole numbers, a JSON array of arrays that is bound as `parameter`, under `alias`.
    pub(super) fn table_of_integers(self, parameter: &str, columns: &[&str], alias: &str) -> String {
        let cell = |(at, name): (usize, &&str)| match self {
            Self::Sqlite => format!("CAST(json_extract(value, '$[{at}]') AS BIGINT) AS {name}"),
            Self::Postgres => format!("CAST(cells ->> {at} AS BIGINT) AS {name}"),
        };
        let cells = columns.iter().enumerate().map(cell).collect::<Vec<_>>().join(", ");
        match self {
            Self::Sqlite => format!("(SELECT {cells} FROM json_each({parameter})) {alias}"),
            Self::Postgres => {
                format!("(SELECT {cells} FROM jsonb_array_elements(CAST({parameter} AS jsonb)) AS t (cells)) {alias}")
            }
        }
    }

    /// SQL for all rows as one text, a JSON array of arrays. One value costs far less to send than its parts.
    pub(super) fn packed(self, columns: &str, order: &str) -> String {
        match self {
            Self::Sqlite => format!("json_group_array(json_array({columns}) ORDER BY {order})"),
            Self::Postgres => {
                format!("CAST(COALESCE(json_agg(json_build_array({columns}) ORDER BY {order}), '[]') AS TEXT)")
            }
        }
    }

    /// SQL after a text column that compares it by code points, in every language of the database.
    pub(super) fn bytewise(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " COLLATE \"C\"",
        }
    }

    /// SQL for the text of a member of a JSON object in a text column. NULL if it is missing.
    pub(super) fn json_text(self, column: &str, member: &str) -> String {
        match self {
            Self::Sqlite => format!("json_extract({column}, '$.{member}')"),
            Self::Postgres => format!("(CAST({column} AS jsonb) ->> '{member}')"),
        }
    }

    /// SQL for the number of a member of a JSON object in a text column. -1 if it is missing.
    pub(super) fn json_number(self, column: &str, member: &str) -> String {
        format!("COALESCE(CAST({} AS DOUBLE PRECISION), -1)", self.json_text(column, member))
    }

    /// SQL for the pairs of a text and a whole number in a JSON array of arrays that is bound as `parameter`.
    pub(super) fn pairs_of(self, parameter: &str) -> String {
        match self {
            Self::Sqlite => format!("SELECT value ->> 0, value ->> 1 FROM json_each(+{parameter})"),
            Self::Postgres => format!(
                "SELECT pair ->> 0, CAST(pair ->> 1 AS BIGINT)
                 FROM jsonb_array_elements(CAST({parameter} AS jsonb)) AS pairs (pair)"
            ),
        }
    }

    /// SQL for a column that holds JSON, as a part of other JSON.
    pub(super) fn as_json(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("json({column})"),
            Self::Postgres => column.to_owned(),
        }
    }

    /// SQL for whether the text `text` contains the text `part`.
    pub(super) fn contains(self, text: &str, part: &str) -> String {
        match self {
            Self::Sqlite => format!("INSTR({text}, {part}) > 0"),
            Self::Postgres => format!("STRPOS({text}, {part}) > 0"),
        }
    }

    /// SQL that locks the rows just read until the transaction ends.
    pub(super) fn for_update(self) -> &'static str {
        match self {
            // A transaction locks the whole file.
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }
}

/// Makes both engines known to the driver of any database. Later calls do nothing.
pub(crate) fn install_drivers() {
    static ONCE: Once = Once::new();

    ONCE.call_once(|| {
        // It fails only if drivers are there already, and nothing else in this crate's process installs any.
        let _ = sqlx::any::install_drivers(&[sqlx_postgres::any::DRIVER, sqlx_sqlite::any::DRIVER]);
    });
}

//! Many rows in one statement: bound cells, and lists bound as JSON.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::FromRow as _;
use sqlx::any::AnyRow;

use super::{Engine, Records, StoreError};
use crate::columns::from_row;

/// A value of an inserted row.
#[derive(Debug, Clone, Copy)]
pub(super) enum InsertedValue<'a> {
    Text(&'a str),
    MaybeText(Option<&'a str>),
    Integer(i64),
    MaybeInteger(Option<i64>),
}

/// The most values of one statement. SQLite takes 32,766 and PostgreSQL 65,535.
const MOST_CELLS: usize = 30_000;

/// The rows of one of many statements that are alike.
const ALIKE: usize = 128;

/// `ids` as a JSON array, for [`super::Engine::integers_of`]. They are in order, so that the database looks them up
/// page by page.
pub(super) fn identifiers<T: Copy + Ord + Serialize>(ids: &[T]) -> String {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    serde_json::to_string(&sorted).unwrap_or_default()
}

/// `numbers` as a JSON array, for [`super::Engine::texts_of`].
pub(super) fn numbers_text(numbers: &[String]) -> String {
    serde_json::to_string(numbers).unwrap_or_default()
}

/// `($1, $2), ($3, $4)` for rows of `columns` columns. On SQLite `(?, ?), (?, ?)`: there `$1` is a name, and SQLite
/// searches all names for each one.
fn placeholders(engine: Engine, rows: usize, columns: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=columns {
            let separator = if column == 1 { "" } else { ", " };
            text.push_str(separator);
            match engine {
                Engine::Sqlite => text.push('?'),
                Engine::Postgres => text.push_str(&format!("${}", row * columns + column)),
            }
        }
        text.push(')');
    }
    text
}

fn bind<'q>(
    mut query: sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>,
    cells: &[InsertedValue<'_>],
) -> sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments> {
    for cell in cells {
        query = match cell {
            InsertedValue::Text(text) => query.bind((*text).to_owned()),
            InsertedValue::MaybeText(text) => query.bind(text.map(str::to_owned)),
            InsertedValue::Integer(number) => query.bind(*number),
            InsertedValue::MaybeInteger(number) => query.bind(*number),
        };
    }
    query
}

/// An inserted row: its id, and its number.
pub(super) struct InsertedRow {
    id: i64,
    number: String,
}

from_row! { InsertedRow: id, number }

impl Records<'_> {
    /// Inserts rows of `width` columns. `tail` is SQL after the values, such as `ON CONFLICT DO NOTHING`.
    pub(super) async fn insert_rows(
        &mut self,
        table: &str,
        columns: &str,
        width: usize,
        cells: Vec<InsertedValue<'_>>,
        tail: &str,
    ) -> Result<Vec<AnyRow>, sqlx::Error> {
        let mut returned = Vec::new();
        for chunk in cells.chunks(MOST_CELLS / width * width) {
            let values = placeholders(self.engine, chunk.len() / width, width);
            let sql = format!("INSERT INTO {table} ({columns}) VALUES {values} {tail}");
            let query = bind(sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(false), chunk);
            returned.extend(query.fetch_all(&mut *self.connection).await?);
        }
        Ok(returned)
    }

    /// Inserts very many rows. The statements are alike, so the database parses the first only.
    pub(super) async fn insert_many_rows(
        &mut self,
        table: &str,
        columns: &str,
        width: usize,
        cells: &[InsertedValue<'_>],
        tail: &str,
    ) -> Result<(), sqlx::Error> {
        for chunk in cells.chunks(ALIKE * width) {
            let values = placeholders(self.engine, chunk.len() / width, width);
            let sql = format!("INSERT INTO {table} ({columns}) VALUES {values} {tail}");
            let is_whole = chunk.len() == ALIKE * width;
            let query = bind(sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(is_whole), chunk);
            query.execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// Inserts rows of a table with `id` and `number`, and returns both.
    pub(super) async fn insert_numbered(
        &mut self,
        table: &str,
        columns: &str,
        width: usize,
        cells: Vec<InsertedValue<'_>>,
    ) -> Result<Vec<InsertedRow>, sqlx::Error> {
        let rows = self.insert_rows(table, columns, width, cells, "RETURNING id, number").await?;
        rows.iter().map(InsertedRow::from_row).collect()
    }
}

/// The ids of `inserted` in the order of `numbers`, since a database may return rows in any order.
pub(super) fn in_order<'n, T>(
    inserted: &[InsertedRow],
    id: impl Fn(i64) -> T,
    numbers: impl Iterator<Item = &'n str>,
) -> Result<Vec<T>, StoreError> {
    let ids: HashMap<&str, i64> = inserted.iter().map(|row| (row.number.as_str(), row.id)).collect();
    numbers
        .map(|number| {
            let missing = || StoreError::Unreadable(format!("the database returned no id for {number}"));
            ids.get(number).map(|found| id(*found)).ok_or_else(missing)
        })
        .collect()
}

/// The error of a failed insertion: `Duplicate` if the database says that a number is taken.
pub(super) fn duplicate<'n>(
    error: sqlx::Error,
    what: &'static str,
    numbers: impl Iterator<Item = &'n str>,
) -> StoreError {
    let first: Vec<&str> = numbers.take(3).collect();
    StoreError::or_duplicate(error, what, &first.join(", "))
}

//! Numbers of incidents and cases, such as `20210127-198`: the site's day, and a count within it.

use super::rows::numbers_text;
use super::{Records, StoreError};

/// An imported number with a higher count does not move the count, since no host gave out so many in a day.
const LARGEST_COUNT: i64 = 1_000_000_000;

/// The kinds of records that have numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// Incidents.
    Incident,
    /// Cases.
    Case,
}

impl NumberKind {
    const fn kind(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Case => "case",
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Incident => "incidents",
            Self::Case => "cases",
        }
    }
}

impl Records<'_> {
    /// A new number for `day`, which is `yyyyMMdd`. Two transactions never get the same number: the second one waits
    /// for the first to end.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn next_number(&mut self, what: NumberKind, day: &str) -> Result<String, StoreError> {
        loop {
            let last: i64 = sqlx::query_scalar(
                "INSERT INTO number_series (kind, day, last) VALUES ($1, $2, 1)
                 ON CONFLICT (kind, day) DO UPDATE SET last = number_series.last + 1
                 RETURNING last",
            )
            .bind(what.kind())
            .bind(day)
            .fetch_one(&mut *self.connection)
            .await?;
            let number = format!("{day}-{last}");
            // An imported record may have it.
            if self.taken(what, std::slice::from_ref(&number)).await?.is_empty() {
                return Ok(number);
            }
        }
    }

    /// The numbers among `numbers` that are taken.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn taken(&mut self, what: NumberKind, numbers: &[String]) -> Result<Vec<String>, StoreError> {
        let sql = format!("SELECT number FROM {} WHERE number IN ({})", what.table(), self.engine.texts_of("$1"));
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(numbers_text(numbers));
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// All numbers.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn all_numbers(&mut self, what: NumberKind) -> Result<Vec<String>, StoreError> {
        let sql = format!("SELECT number FROM {} ORDER BY number", what.table());
        Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *self.connection).await?)
    }

    /// Reserves imported numbers, so that they are not given out again.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn reserve_numbers(&mut self, what: NumberKind, numbers: &[String]) -> Result<(), StoreError> {
        let mut last = std::collections::BTreeMap::<&str, i64>::new();
        for (day, count) in numbers.iter().filter_map(|number| parts(number)) {
            let largest = last.entry(day).or_default();
            *largest = count.max(*largest);
        }
        // The days are in order, so that two imports cannot deadlock.
        for (day, count) in last {
            sqlx::query(
                "INSERT INTO number_series (kind, day, last) VALUES ($1, $2, $3)
                 ON CONFLICT (kind, day) DO UPDATE
                 SET last = CASE WHEN number_series.last < excluded.last THEN excluded.last ELSE number_series.last END",
            )
            .bind(what.kind())
            .bind(day)
            .bind(count)
            .execute(&mut *self.connection)
            .await?;
        }
        Ok(())
    }
}

/// The day and the count of a number in the host's own form.
fn parts(number: &str) -> Option<(&str, i64)> {
    let (day, count) = number.split_once('-')?;
    let is_day = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    let count: i64 = count.parse().ok()?;
    (is_day && (1..=LARGEST_COUNT).contains(&count)).then_some((day, count))
}

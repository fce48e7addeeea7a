//! Cases in the store.

use super::pages::bytes_of;
use super::rows::{self, InsertedValue, identifiers, numbers_text};
use super::{HeldRows, Oversize, Records, StoreError};
use crate::columns::from_row;
use crate::model::{Case, CaseId, Moment, SiteId, Status, Version, limits};

/// A case to be stored.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// Its number; see [`Records::next_number`].
    pub number: String,
    /// Bounded by [`crate::model::limits::TITLE`].
    pub title: String,
    /// Its description.
    pub description: String,
    /// Its type, such as `Criminal Investigation`.
    pub case_type: String,
    /// The site that it belongs to.
    pub site_id: SiteId,
    /// The name of its owner.
    pub owner: Option<String>,
    /// Its priority, such as `3`.
    pub priority: String,
    /// Its time zone, as the caller spelled it.
    pub time_zone: String,
    /// The name of the user who created it.
    pub creator: String,
    /// When it was reported.
    pub reported_at: Option<Moment>,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub modified_at: Moment,
    /// The time and the user of its closing, if it is closed.
    pub closed: Option<(Moment, Option<String>)>,
}

impl NewCase {
    /// An open case without further fields.
    #[must_use]
    pub fn open(number: String, site_id: SiteId, creator: &str, now: Moment) -> Self {
        Self {
            number,
            title: String::new(),
            description: String::new(),
            case_type: String::new(),
            site_id,
            owner: None,
            priority: String::new(),
            time_zone: String::new(),
            creator: creator.to_owned(),
            reported_at: None,
            created_at: now,
            modified_at: now,
            closed: None,
        }
    }
}

impl NewCase {
    /// Checks all texts.
    ///
    /// # Errors
    /// [`TextTooLong`](limits::TextTooLong) names the first that is too long.
    pub fn check(&self) -> Result<(), limits::TextTooLong> {
        limits::NUMBER.check(&self.number)?;
        limits::TITLE.check(&self.title)?;
        limits::DESCRIPTION.check(&self.description)?;
        limits::KIND.check(&self.case_type)?;
        limits::PRIORITY.check(&self.priority)?;
        limits::TIME_ZONE.check(&self.time_zone)?;
        let closed_by = self.closed.as_ref().and_then(|(_, by)| by.as_deref());
        let names = [self.owner.as_deref(), Some(self.creator.as_str()), closed_by];
        names.into_iter().flatten().try_for_each(|name| limits::NAME.check(name))
    }
}

/// The fields of a case on which a bulk command decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedCase {
    /// Its id.
    pub id: CaseId,
    /// The number that users know.
    pub number: String,
    /// The site that it belongs to.
    pub site_id: SiteId,
    /// Whether it is open or closed.
    pub status: Status,
    /// Each change raises it.
    pub version: Version,
}

from_row! { LockedCase: id, number, site_id, status, version }

const COLUMNS: &str = "id, number, title, description, case_type, site_id, owner, priority, time_zone, status, creator, \
     reported_at, created_at, modified_at, closed_at, closed_by, version";

impl Records<'_> {
    /// Stores cases, and returns their ids in the same order.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when one of the numbers is taken, [`StoreError::Invalid`] when a text is too long.
    pub async fn insert_cases(&mut self, cases: &[NewCase]) -> Result<Vec<CaseId>, StoreError> {
        cases.iter().try_for_each(NewCase::check)?;
        let cells = cases.iter().flat_map(|case| {
            let (closed_at, closed_by) = case.closed.as_ref().map(|(at, by)| (at.0, by.as_deref())).unzip();
            let status = if closed_at.is_some() { Status::Closed } else { Status::Open };
            [
                InsertedValue::Text(&case.number),
                InsertedValue::Text(&case.title),
                InsertedValue::Text(&case.description),
                InsertedValue::Text(&case.case_type),
                InsertedValue::Integer(case.site_id.0),
                InsertedValue::MaybeText(case.owner.as_deref()),
                InsertedValue::Text(&case.priority),
                InsertedValue::Text(&case.time_zone),
                InsertedValue::Text(status.as_str()),
                InsertedValue::Text(&case.creator),
                InsertedValue::MaybeInteger(case.reported_at.map(|at| at.0)),
                InsertedValue::Integer(case.created_at.0),
                InsertedValue::Integer(case.modified_at.0),
                InsertedValue::MaybeInteger(closed_at),
                InsertedValue::MaybeText(closed_by.flatten()),
                InsertedValue::Integer(1),
            ]
        });
        let columns = COLUMNS.trim_start_matches("id, ");
        let inserted = self.insert_numbered("cases", columns, 16, cells.collect()).await;
        let inserted =
            inserted.map_err(|error| rows::duplicate(error, "case", cases.iter().map(|case| case.number.as_str())))?;
        rows::in_order(&inserted, CaseId, cases.iter().map(|case| case.number.as_str()))
    }

    /// The case with this number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn case(&mut self, number: &str) -> Result<Case, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM cases WHERE number = $1"));
        let case = sqlx::query_as(sql).bind(number).fetch_optional(&mut *self.connection).await?;
        case.ok_or_else(|| StoreError::not_found("case", number))
    }

    /// The cases with these numbers, as far as they exist, locked until the transaction ends. The rows are locked in
    /// the order of their ids. A command that locks incidents and cases locks the incidents first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn cases_for_change(&mut self, numbers: &[String]) -> Result<Vec<LockedCase>, StoreError> {
        let sql = format!(
            "SELECT id, number, site_id, status, version FROM cases WHERE number IN ({}) ORDER BY id{}",
            self.engine.texts_of("$1"),
            self.engine.for_update(),
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(numbers_text(numbers));
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// Raises the versions and times of cases that changed, or whose links changed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn touch_cases(&mut self, ids: &[CaseId], now: Moment) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE cases SET modified_at = $2, version = version + 1 WHERE id IN ({})",
            self.engine.integers_of("$1"),
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(identifiers(ids)).bind(now);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Writes all fields of `case` except its number, and raises its version.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn update_case(&mut self, case: &Case) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE cases SET title = $2, description = $3, case_type = $4, site_id = $5, owner = $6, priority = $7,
                    time_zone = $8, status = $9, creator = $10, reported_at = $11, created_at = $12, modified_at = $13,
                    closed_at = $14, closed_by = $15, version = version + 1
             WHERE id = $1",
        )
        .bind(case.id)
        .bind(&case.title)
        .bind(&case.description)
        .bind(&case.case_type)
        .bind(case.site_id)
        .bind(case.owner.as_deref())
        .bind(&case.priority)
        .bind(&case.time_zone)
        .bind(case.status.as_str())
        .bind(&case.creator)
        .bind(case.reported_at)
        .bind(case.created_at)
        .bind(case.modified_at)
        .bind(case.closed_at)
        .bind(case.closed_by.as_deref())
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// A page of the cases of these sites, by id, after the case with the id `after`. `status` limits it to one status.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when the page is larger than an answer may be and is not to be cut.
    /// [`StoreError::Busy`] when no memory is free for it now.
    pub async fn cases_after(
        &mut self,
        sites: &[SiteId],
        status: Option<Status>,
        after: Option<CaseId>,
        limit: i64,
        oversize: Oversize,
    ) -> Result<HeldRows<Case>, StoreError> {
        let sql = format!(
            "SELECT {} FROM (SELECT id, {} AS bytes FROM cases
                             WHERE id > $2 AND site_id IN ({}) AND ($4 = '' OR status = $4) ORDER BY id LIMIT $3) page",
            self.engine.packed("id, bytes", "id"),
            bytes_of(&["title", "description"]),
            self.engine.integers_of("$1"),
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(identifiers(sites))
            .bind(after.map_or(0, |after| after.0))
            .bind(limit)
            .bind(status.map_or("", Status::as_str));
        let page: String = query.fetch_one(&mut *self.connection).await?;
        let (ids, room) = self.fitting(&Self::sized(&page)?, oversize)?;
        let sql = format!(
            "SELECT {COLUMNS} FROM cases WHERE id IN ({}) AND site_id IN ({}) ORDER BY id",
            self.engine.integers_of("$1"),
            self.engine.integers_of("$2"),
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(identifiers(&ids)).bind(identifiers(sites));
        Ok(HeldRows { rows: query.fetch_all(&mut *self.connection).await?, room })
    }

    /// The number of cases on these sites.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_cases(&mut self, sites: &[SiteId]) -> Result<i64, StoreError> {
        let sql =
            format!("SELECT CAST(COUNT(*) AS BIGINT) FROM cases WHERE site_id IN ({})", self.engine.integers_of("$1"));
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(identifiers(sites));
        Ok(query.fetch_one(&mut *self.connection).await?)
    }
}

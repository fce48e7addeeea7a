//! Incidents in the store, one at a time and many at once.

use super::pages::bytes_of;
use super::rows::{self, InsertedValue, identifiers};
use super::{HeldRows, Oversize, Records, StoreError};
use crate::model::{Incident, IncidentId, Moment, Severity, SiteId, Status, limits};

/// An incident to be stored.
#[derive(Debug, Clone)]
pub struct NewIncident {
    /// Its number; see [`Records::next_number`].
    pub number: String,
    /// Bounded by [`crate::model::limits::TITLE`].
    pub title: String,
    /// Its description.
    pub description: String,
    /// Its type, such as `Phishing`.
    pub incident_type: String,
    /// The site that it belongs to.
    pub site_id: SiteId,
    /// The name of its owner.
    pub owner: Option<String>,
    /// The name of its assignee.
    pub assignee: Option<String>,
    /// Its severity.
    pub severity: Severity,
    /// Its disposition, such as `False Positive`.
    pub disposition: String,
    /// Its conclusion.
    pub conclusion: String,
    /// The data that it was created from, as JSON text.
    pub raw_data: Option<String>,
    /// When it is due to be closed.
    pub due_at: Option<Moment>,
    /// The name of the user who created it.
    pub creator: String,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub modified_at: Moment,
    /// The time and the user of its closing, if it is closed.
    pub closed: Option<(Moment, String)>,
}

impl NewIncident {
    /// An open incident without further fields.
    #[must_use]
    pub fn open(number: String, site_id: SiteId, creator: &str, now: Moment) -> Self {
        Self {
            number,
            title: String::new(),
            description: String::new(),
            incident_type: String::new(),
            site_id,
            owner: None,
            assignee: None,
            severity: Severity::Informational,
            disposition: String::new(),
            conclusion: String::new(),
            raw_data: None,
            due_at: None,
            creator: creator.to_owned(),
            created_at: now,
            modified_at: now,
            closed: None,
        }
    }
}

impl NewIncident {
    /// Checks all texts.
    ///
    /// # Errors
    /// [`TextTooLong`](limits::TextTooLong) names the first that is too long.
    pub fn check(&self) -> Result<(), limits::TextTooLong> {
        limits::NUMBER.check(&self.number)?;
        limits::TITLE.check(&self.title)?;
        limits::DESCRIPTION.check(&self.description)?;
        limits::KIND.check(&self.incident_type)?;
        limits::DISPOSITION.check(&self.disposition)?;
        limits::CONCLUSION.check(&self.conclusion)?;
        limits::RAW_DATA.check(self.raw_data.as_deref().unwrap_or_default())?;
        let closed_by = self.closed.as_ref().map(|(_, by)| by.as_str());
        let names = [self.owner.as_deref(), self.assignee.as_deref(), Some(self.creator.as_str()), closed_by];
        names.into_iter().flatten().try_for_each(|name| limits::NAME.check(name))
    }
}

pub(super) const COLUMNS: &str = "id, number, title, description, incident_type, site_id, owner, assignee, severity, \
     status, disposition, conclusion, raw_data, due_at, creator, created_at, modified_at, closed_at, closed_by, version";

impl Records<'_> {
    /// Stores incidents, and returns their ids in the same order.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when one of the numbers is taken, [`StoreError::Invalid`] when a text is too long.
    pub async fn insert_incidents(&mut self, incidents: &[NewIncident]) -> Result<Vec<IncidentId>, StoreError> {
        incidents.iter().try_for_each(NewIncident::check)?;
        let cells = incidents.iter().flat_map(|incident| {
            let (closed_at, closed_by) = incident.closed.as_ref().map(|(at, by)| (at.0, by.as_str())).unzip();
            let status = if closed_at.is_some() { Status::Closed } else { Status::Open };
            [
                InsertedValue::Text(&incident.number),
                InsertedValue::Text(&incident.title),
                InsertedValue::Text(&incident.description),
                InsertedValue::Text(&incident.incident_type),
                InsertedValue::Integer(incident.site_id.0),
                InsertedValue::MaybeText(incident.owner.as_deref()),
                InsertedValue::MaybeText(incident.assignee.as_deref()),
                InsertedValue::Text(incident.severity.as_str()),
                InsertedValue::Text(status.as_str()),
                InsertedValue::Text(&incident.disposition),
                InsertedValue::Text(&incident.conclusion),
                InsertedValue::MaybeText(incident.raw_data.as_deref()),
                InsertedValue::MaybeInteger(incident.due_at.map(|at| at.0)),
                InsertedValue::Text(&incident.creator),
                InsertedValue::Integer(incident.created_at.0),
                InsertedValue::Integer(incident.modified_at.0),
                InsertedValue::MaybeInteger(closed_at),
                InsertedValue::MaybeText(closed_by),
                InsertedValue::Integer(1),
            ]
        });
        let columns = COLUMNS.trim_start_matches("id, ");
        let inserted = self.insert_numbered("incidents", columns, 19, cells.collect()).await;
        let inserted = inserted.map_err(|error| {
            let named = incidents.iter().map(|incident| incident.number.as_str());
            rows::duplicate(error, "incident", named)
        })?;
        let numbers = incidents.iter().map(|incident| incident.number.as_str());
        let ids = rows::in_order(&inserted, IncidentId, numbers)?;
        self.index_new(&ids, incidents).await?;
        Ok(ids)
    }

    /// The incident with this number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn incident(&mut self, number: &str) -> Result<Incident, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM incidents WHERE number = $1"));
        let incident = sqlx::query_as(sql).bind(number).fetch_optional(&mut *self.connection).await?;
        incident.ok_or_else(|| StoreError::not_found("incident", number))
    }

    /// The incident with this number, locked until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn incident_for_change(&mut self, number: &str) -> Result<Incident, StoreError> {
        let locked = self.engine.for_update();
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM incidents WHERE number = $1{locked}"));
        let incident = sqlx::query_as(sql).bind(number).fetch_optional(&mut *self.connection).await?;
        incident.ok_or_else(|| StoreError::not_found("incident", number))
    }

    /// Writes all fields of `incident` except its number, and raises its version.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn update_incident(&mut self, incident: &Incident) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE incidents SET title = $2, description = $3, incident_type = $4, site_id = $5, owner = $6,
                    assignee = $7, severity = $8, status = $9, disposition = $10, conclusion = $11, raw_data = $12,
                    due_at = $13, creator = $14, created_at = $15, modified_at = $16, closed_at = $17, closed_by = $18,
                    version = version + 1
             WHERE id = $1",
        )
        .bind(incident.id)
        .bind(&incident.title)
        .bind(&incident.description)
        .bind(&incident.incident_type)
        .bind(incident.site_id)
        .bind(incident.owner.as_deref())
        .bind(incident.assignee.as_deref())
        .bind(incident.severity.as_str())
        .bind(incident.status.as_str())
        .bind(&incident.disposition)
        .bind(&incident.conclusion)
        .bind(incident.raw_data.as_deref())
        .bind(incident.due_at)
        .bind(&incident.creator)
        .bind(incident.created_at)
        .bind(incident.modified_at)
        .bind(incident.closed_at)
        .bind(incident.closed_by.as_deref())
        .execute(&mut *self.connection)
        .await?;
        self.index_incidents(&[incident.id]).await
    }

    /// A page of an export: the incidents of these sites, by id, after the incident with the id `after`. It ends before
    /// `bytes` of texts and dynamic fields.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when no memory is free for them now.
    pub async fn incidents_after(
        &mut self,
        sites: &[SiteId],
        after: Option<IncidentId>,
        limit: i64,
        bytes: usize,
    ) -> Result<HeldRows<Incident>, StoreError> {
        let sql = format!(
            "SELECT {} FROM (SELECT id, {} + COALESCE((SELECT SUM(OCTET_LENGTH(f.value)) FROM incident_fields f
                                                       WHERE f.incident_id = incidents.id), 0) AS bytes
                             FROM incidents WHERE id > $2 AND site_id IN ({}) ORDER BY id LIMIT $3) page",
            self.engine.packed("id, bytes", "id"),
            bytes_of(&["title", "description", "conclusion", "raw_data"]),
            self.engine.integers_of("$1"),
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(identifiers(sites))
            .bind(after.map_or(0, |after| after.0))
            .bind(limit);
        let page: String = query.fetch_one(&mut *self.connection).await?;
        let (ids, room) = self.fitting(&Self::sized(&page)?, Oversize::Cut(bytes))?;
        let sql = format!(
            "SELECT {COLUMNS} FROM incidents WHERE id IN ({}) AND site_id IN ({}) ORDER BY id",
            self.engine.integers_of("$1"),
            self.engine.integers_of("$2"),
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(identifiers(&ids)).bind(identifiers(sites));
        Ok(HeldRows { rows: query.fetch_all(&mut *self.connection).await?, room })
    }

    /// The number of incidents on these sites.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_incidents(&mut self, sites: &[SiteId]) -> Result<i64, StoreError> {
        let sql = format!(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM incidents WHERE site_id IN ({})",
            self.engine.integers_of("$1"),
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(identifiers(sites));
        Ok(query.fetch_one(&mut *self.connection).await?)
    }
}

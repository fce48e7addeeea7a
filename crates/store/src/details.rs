//! Tasks and dynamic fields of incidents in the store.

use std::collections::HashMap;

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row as _};

use super::rows::{InsertedValue, identifiers};
use super::{Records, StoreError};
use crate::columns::from_row;
use crate::model::{DynamicField, FieldKind, IncidentId, Moment, Task, limits};

/// Rows of incidents, by the incident's id.
pub type ByIncident<T> = HashMap<IncidentId, Vec<T>>;

/// A row that belongs to an incident.
struct Belonging<T> {
    incident_id: IncidentId,
    what: T,
}

impl<'r, T: FromRow<'r, AnyRow>> FromRow<'r, AnyRow> for Belonging<T> {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self { incident_id: row.try_get("incident_id")?, what: T::from_row(row)? })
    }
}

struct NameRow {
    name: String,
}

from_row! { NameRow: name }

impl Records<'_> {
    /// Replaces the tasks and fields of incidents.
    ///
    /// # Errors
    /// [`StoreError::Database`], also when two tasks or fields of an incident have the same name.
    pub async fn replace_details(
        &mut self,
        details: &[(IncidentId, &[Task], &[DynamicField])],
    ) -> Result<(), StoreError> {
        let ids: Vec<IncidentId> = details.iter().map(|(id, _, _)| *id).collect();
        for table in ["incident_tasks", "incident_fields"] {
            let sql = format!("DELETE FROM {table} WHERE incident_id IN ({})", self.engine.integers_of("$1"));
            let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(identifiers(&ids));
            query.execute(&mut *self.connection).await?;
        }
        self.insert_rows_of_details(details).await?;
        self.index_incidents(&ids).await
    }

    /// Adds the tasks and fields of new incidents.
    ///
    /// # Errors
    /// [`StoreError::Database`], also when two tasks or fields of an incident have the same name.
    pub async fn insert_details(
        &mut self,
        details: &[(IncidentId, &[Task], &[DynamicField])],
    ) -> Result<(), StoreError> {
        self.insert_rows_of_details(details).await?;
        let has_value = |fields: &[DynamicField]| fields.iter().any(|field| field.value.is_some());
        let with_values = details.iter().filter(|(_, _, fields)| has_value(fields)).map(|(id, _, _)| *id);
        self.index_incidents(&with_values.collect::<Vec<_>>()).await
    }

    async fn insert_rows_of_details(
        &mut self,
        details: &[(IncidentId, &[Task], &[DynamicField])],
    ) -> Result<(), StoreError> {
        let mut tasks = Vec::new();
        let mut fields = Vec::new();
        for (id, its_tasks, its_fields) in details {
            if its_tasks.len().max(its_fields.len()) > limits::MOST_DETAILS {
                let most = limits::MOST_DETAILS;
                return Err(StoreError::Invalid(format!("An incident has at most {most} tasks and {most} fields.")));
            }
            its_fields
                .iter()
                .try_for_each(|field| limits::FIELD_VALUE.check(field.value.as_deref().unwrap_or_default()))?;
            for (position, task) in (0..).zip(*its_tasks) {
                tasks.extend([
                    InsertedValue::Integer(id.0),
                    InsertedValue::Integer(position),
                    InsertedValue::Text(&task.name),
                    InsertedValue::Integer(i64::from(task.required)),
                    InsertedValue::Integer(i64::from(task.done)),
                ]);
            }
            for (position, field) in (0..).zip(*its_fields) {
                fields.extend([
                    InsertedValue::Integer(id.0),
                    InsertedValue::Integer(position),
                    InsertedValue::Text(&field.section),
                    InsertedValue::Text(&field.name),
                    InsertedValue::Text(field.kind.as_str()),
                    InsertedValue::Integer(i64::from(field.required_on_close)),
                    InsertedValue::MaybeText(field.value.as_deref().filter(|value| !value.is_empty())),
                ]);
            }
        }
        self.insert_rows("incident_tasks", "incident_id, position, name, required, done", 5, tasks, "").await?;
        let columns = "incident_id, position, section, name, kind, required_on_close, value";
        self.insert_rows("incident_fields", columns, 7, fields, "").await?;
        Ok(())
    }

    /// The tasks of incidents, in their order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tasks_of(&mut self, ids: &[IncidentId]) -> Result<ByIncident<Task>, StoreError> {
        let sql = format!(
            "SELECT incident_id, name, required, done FROM incident_tasks WHERE incident_id IN ({})
             ORDER BY incident_id, position",
            self.engine.integers_of("$1"),
        );
        self.belongings(sql, ids).await
    }

    /// The dynamic fields of incidents, in their order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn fields_of(&mut self, ids: &[IncidentId]) -> Result<ByIncident<DynamicField>, StoreError> {
        let sql = format!(
            "SELECT incident_id, section, name, kind, required_on_close, value FROM incident_fields
             WHERE incident_id IN ({}) ORDER BY incident_id, position",
            self.engine.integers_of("$1"),
        );
        self.belongings(sql, ids).await
    }

    /// The names of pending Required tasks of incidents. Call it once the incidents are locked: it then sees the
    /// changes of a transaction that held the lock before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn pending_tasks(&mut self, ids: &[IncidentId]) -> Result<ByIncident<String>, StoreError> {
        let sql = format!(
            "SELECT incident_id, name FROM incident_tasks
             WHERE required = 1 AND done = 0 AND incident_id IN ({}) ORDER BY incident_id, position",
            self.engine.integers_of("$1"),
        );
        self.names(sql, ids).await
    }

    /// The names of fields of incidents that are Required on Close and have no value. Call it once the incidents are
    /// locked.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn missing_fields(&mut self, ids: &[IncidentId]) -> Result<ByIncident<String>, StoreError> {
        let sql = format!(
            "SELECT incident_id, name FROM incident_fields
             WHERE required_on_close = 1 AND value IS NULL AND incident_id IN ({}) ORDER BY incident_id, position",
            self.engine.integers_of("$1"),
        );
        self.names(sql, ids).await
    }

    async fn names(&mut self, sql: String, ids: &[IncidentId]) -> Result<ByIncident<String>, StoreError> {
        let named = self.belongings::<NameRow>(sql, ids).await?;
        Ok(named.into_iter().map(|(id, named)| (id, named.into_iter().map(|one| one.name).collect())).collect())
    }

    /// The rows of a query that takes incidents' ids as `$1`, by their column `incident_id`.
    pub(super) async fn belongings<T>(&mut self, sql: String, ids: &[IncidentId]) -> Result<ByIncident<T>, StoreError>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        let query = sqlx::query_as::<_, Belonging<T>>(sqlx::AssertSqlSafe(sql)).bind(identifiers(ids));
        let mut found = ByIncident::new();
        for row in query.fetch_all(&mut *self.connection).await? {
            found.entry(row.incident_id).or_insert_with(Vec::new).push(row.what);
        }
        Ok(found)
    }

    /// Marks a task as done or pending. The incident must be locked: see [`Records::incident_for_change`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the incident has no such task.
    pub async fn set_task_done(
        &mut self,
        incident: IncidentId,
        name: &str,
        done: bool,
        now: Moment,
    ) -> Result<(), StoreError> {
        let changed = sqlx::query("UPDATE incident_tasks SET done = $3 WHERE incident_id = $1 AND name = $2")
            .bind(incident)
            .bind(name)
            .bind(i64::from(done))
            .execute(&mut *self.connection)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::not_found("task", name));
        }
        self.touch_incidents(&[incident], now).await
    }

    /// Sets or removes the value of a dynamic field. The incident must be locked: see [`Records::incident_for_change`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the incident has no such field.
    pub async fn set_field_value(
        &mut self,
        incident: IncidentId,
        section: &str,
        name: &str,
        value: Option<&str>,
        now: Moment,
    ) -> Result<(), StoreError> {
        limits::FIELD_VALUE.check(value.unwrap_or_default())?;
        let changed =
            sqlx::query("UPDATE incident_fields SET value = $4 WHERE incident_id = $1 AND section = $2 AND name = $3")
                .bind(incident)
                .bind(section)
                .bind(name)
                .bind(value.filter(|value| !value.is_empty()))
                .execute(&mut *self.connection)
                .await?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::not_found("dynamic field", name));
        }
        self.index_incidents(&[incident]).await?;
        self.touch_incidents(&[incident], now).await
    }

    /// Sets the values of fields of one section of an incident, and adds those that it does not have. The incident must be
    /// locked: see [`Records::incident_for_change`].
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when a value is too long.
    pub async fn put_fields(
        &mut self,
        incident: IncidentId,
        section: &str,
        fields: &[(&str, String)],
    ) -> Result<(), StoreError> {
        fields.iter().try_for_each(|(_, value)| limits::FIELD_VALUE.check(value))?;
        for (name, value) in fields {
            let query = sqlx::query(
                "INSERT INTO incident_fields (incident_id, position, section, name, kind, required_on_close, value)
                 SELECT $1, COALESCE(MAX(position), -1) + 1, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), 0,
                        CAST($5 AS TEXT)
                 FROM incident_fields WHERE incident_id = $1
                 ON CONFLICT (incident_id, section, name) DO UPDATE SET value = excluded.value",
            );
            let query = query.bind(incident).bind(section).bind(*name).bind(FieldKind::InfoActivity.as_str());
            let value = Some(value.as_str()).filter(|value| !value.is_empty());
            query.bind(value).execute(&mut *self.connection).await?;
        }
        self.index_incidents(&[incident]).await
    }
}
